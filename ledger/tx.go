package ledger

// Tx is a transaction of a block with its id.
type Tx struct {
	ID  TxID
	Raw RawTx
}
