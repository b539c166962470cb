"""`tillstream trace`: the whole story of an order, a SKU or a receipt."""
