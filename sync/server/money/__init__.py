"""The campaign's money: a double-entry ledger and every act that moves it."""
