"""Double-entry journals of what was paid, shipped and given back. Pure; `app/accounting` reads what goes into them."""
