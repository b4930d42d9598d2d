"""The REST side: one small handler per endpoint, behind one gateway."""
