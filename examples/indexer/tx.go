package main

import (
	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/ledger"
)

// body is what matters here of the map that a transaction body is from Shelley on. The
// decoder skips the tag that sets may have.
type body struct {
	Inputs           []input           `cbor:"0,keyasint"`
	Outputs          []output          `cbor:"1,keyasint"`
	Fee              *uint64           `cbor:"2,keyasint"`  // lovelace
	Collateral       []input           `cbor:"13,keyasint"` // from Alonzo on
	CollateralReturn *output           `cbor:"16,keyasint"` // from Babbage on
	TotalCollateral  *uint64           `cbor:"17,keyasint"` // from Babbage on
	Inner            []cbor.RawMessage `cbor:"23,keyasint"` // transactions, from Dijkstra on

	first int // index of the first of Outputs
}

type input struct {
	_    struct{} `cbor:",toarray"`
	TxID []byte
	N    uint64
}

type output struct {
	address []byte // Byron's are CBOR, as they stand in outputs of later eras
	value   value
}

type value struct {
	_        struct{} `cbor:",toarray"`
	Lovelace uint64
	Assets   map[cbor.ByteString]map[cbor.ByteString]uint64 // by policy and name
}

// byronBody is the body of a Byron transaction, which does not say its fee.
type byronBody struct {
	_      struct{} `cbor:",toarray"`
	Inputs []struct {
		_     struct{} `cbor:",toarray"`
		Kind  uint64
		Input []byte // CBOR
	}
	Outputs    []output
	Attributes cbor.RawMessage
}

// The default bound, 32 levels, is too low for data; nothing deeper fits in 16 KiB.
var decoder, _ = cbor.DecOptions{MaxNestedLevels: 16384}.DecMode()

// decode returns what a transaction of any era spends and makes. Without Fee, that is
// the difference of the two.
func decode(tx ledger.Tx) (b body, err error) {
	if tx.Raw.Era == ledger.Byron {
		var old byronBody
		err = readBody(tx.Raw, &old)
		b.Inputs, b.Outputs = make([]input, len(old.Inputs)), old.Outputs
		for i := 0; i < len(old.Inputs) && err == nil; i++ {
			err = decoder.Unmarshal(old.Inputs[i].Input, &b.Inputs[i])
		}
		return b, err
	}
	err = readBody(tx.Raw, &b)
	switch {
	case tx.Invalid: // it spends its collateral; what it gets back comes after what it does not make
		b.Inputs, b.Fee, b.Inner, b.first = b.Collateral, b.TotalCollateral, nil, len(b.Outputs)
		if b.Outputs = nil; b.CollateralReturn != nil {
			b.Outputs = []output{*b.CollateralReturn}
		}
	case b.Fee == nil: // the transaction around it pays
		b.Fee = new(uint64)
	}
	return b, err
}

// readBody reads the first part of [body, witnesses, ...].
func readBody(tx ledger.RawTx, into any) error {
	var parts [1]cbor.RawMessage // the decoder drops what an array has no room for
	if err := decoder.Unmarshal(tx.Bytes, &parts); err != nil {
		return err
	}
	return decoder.Unmarshal(parts[0], into)
}

// UnmarshalCBOR reads [address, value, ...] or, from Babbage on, {0: address, 1: value, ...}.
// A value is lovelace or, from Mary on, [lovelace, assets].
func (o *output) UnmarshalCBOR(b []byte) (err error) {
	var fields [2]cbor.RawMessage
	if isArray(b) {
		err = decoder.Unmarshal(b, &fields)
	} else {
		var m map[uint64]cbor.RawMessage
		err = decoder.Unmarshal(b, &m)
		fields = [2]cbor.RawMessage{m[0], m[1]}
	}
	if o.address = fields[0]; err == nil && !isArray(fields[0]) {
		err = decoder.Unmarshal(fields[0], &o.address)
	}
	if err == nil && isArray(fields[1]) {
		err = decoder.Unmarshal(fields[1], &o.value)
	} else if err == nil {
		err = decoder.Unmarshal(fields[1], &o.value.Lovelace)
	}
	return err
}

// isArray reports whether an item is an array, by its major type.
func isArray(item []byte) bool { return len(item) > 0 && item[0]>>5 == 4 }
