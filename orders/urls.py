from django.urls import path

from orders import api

urlpatterns = [
    path("orders", api.Orders.as_view()),
    path("orders/<uuid:id>", api.OrderDetail.as_view()),
    path("orders/<uuid:id>:cancel", api.OrderCancel.as_view()),
    path("orders/<uuid:id>/evidence", api.OrderEvidence.as_view()),
    path("orders/<uuid:id>:settle", api.OrderSettle.as_view()),
    path("executions", api.Executions.as_view()),
]
