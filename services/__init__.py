"""The shop: order, payment and inventory, and the kit that every service shares."""
