"""The shopper's pages: claim, wallet, vouchers, shops nearby."""
