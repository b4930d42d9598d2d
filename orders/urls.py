from django.urls import path

from orders import api, limits_api, wish_api

urlpatterns = [
    path("orders", api.Orders.as_view()),
    path("orders/<uuid:id>", api.OrderDetail.as_view()),
    path("orders/<uuid:id>:cancel", api.OrderCancel.as_view()),
    path("orders/<uuid:id>:amend", wish_api.OrderAmend.as_view()),
    path("accounts/<uuid:id>:cancel_all", wish_api.CancelAll.as_view()),
    path("accounts/<uuid:id>:sell_out", wish_api.SellOut.as_view()),
    path("orders/<uuid:id>/evidence", api.OrderEvidence.as_view()),
    path("orders/<uuid:id>:settle", api.OrderSettle.as_view()),
    path("accounts/<uuid:pk>/limits", limits_api.AccountLimits.as_view()),
    path("limits", limits_api.TheHouseLimits.as_view()),
    path("executions", api.Executions.as_view()),
]
