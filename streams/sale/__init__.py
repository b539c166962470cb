"""The arithmetic of a sale: Magento's amounts become canonical ones, exact to the cent. Pure."""
