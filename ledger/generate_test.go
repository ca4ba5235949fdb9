package ledger

import (
	"bytes"
	"hash/crc32"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
)

// testBody is the body of a generated block, one item each.
type testBody struct {
	era   Era
	parts [][]byte // after the header, as they are in the block
}

// filled returns n bytes of value v.
func filled(v byte, n int) []byte { return bytes.Repeat([]byte{v}, n) }

// shelleyTestBody has three transactions, the second with auxiliary data and,
// from Alonzo on, the third invalid. The witnesses are an indefinite array.
func shelleyTestBody(era Era) testBody {
	if era >= Dijkstra {
		return testBody{era, [][]byte{dijkstraTestBody([]byte{0x81, 2}, 3)}}
	}
	bodies := cbor.AppendArray(nil, 3)
	witnesses := cbor.AppendArrayIndefinite(nil)
	for i := range 3 {
		bodies = append(bodies, testTxBody(i)...)
		witnesses = append(witnesses, testWitnesses(i)...)
	}
	witnesses = cbor.AppendBreak(witnesses)
	aux := cbor.AppendMap(nil, 1)
	aux = cbor.AppendUint(aux, 1)
	aux = append(aux, testAux...)
	b := testBody{era, [][]byte{bodies, witnesses, aux}}
	if era >= Alonzo {
		b.parts = append(b.parts, cbor.AppendUint(cbor.AppendArray(nil, 1), 2))
	}
	return b
}

// dijkstraTestBody has n transactions, the second with auxiliary data.
func dijkstraTestBody(invalid []byte, n int) []byte {
	b := cbor.AppendArray(nil, 4)
	b = append(b, invalid...)
	b = cbor.AppendArrayIndefinite(b)
	for i := range n {
		b = append(b, dijkstraTestTx(i)...)
	}
	b = cbor.AppendBreak(b)
	return cbor.AppendNull(cbor.AppendNull(b))
}

func dijkstraTestTx(i int) []byte {
	b := cbor.AppendArray(nil, 3)
	b = append(append(b, testTxBody(i)...), testWitnesses(i)...)
	if i == 1 {
		return append(b, testAux...)
	}
	return cbor.AppendNull(b)
}

func testTxBody(i int) []byte {
	b := cbor.AppendMap(nil, 1)
	b = cbor.AppendUint(b, 0)
	return cbor.AppendBytes(b, filled(byte(i), 40))
}

func testWitnesses(i int) []byte {
	b := cbor.AppendMap(nil, 1)
	b = cbor.AppendUint(b, uint64(i))
	return cbor.AppendNull(b)
}

var testAux = []byte{0xa1, 0x01, 0x61, 'x'}

func (b testBody) size() (n int) {
	for _, p := range b.parts {
		n += len(p)
	}
	return n
}

// hash is the body hash, written out as the specification has it.
// (points-headers-blocks, 9)
func (b testBody) hash() Hash {
	if b.era >= Dijkstra {
		return sum256(b.parts[0])
	}
	var all []byte
	for _, p := range b.parts {
		h := sum256(p)
		all = append(all, h[:]...)
	}
	return sum256(all)
}

// testHeader returns a header of the era with distinct values in all fields.
func testHeader(body testBody, prev *Hash) []byte {
	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendArray(b, shelleyFields(body.era))
	b = cbor.AppendUint(b, 1001)
	b = cbor.AppendUint(b, 200002)
	if prev == nil {
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendBytes(b, prev[:])
	}
	b = cbor.AppendBytes(b, filled(1, 32))
	b = cbor.AppendBytes(b, filled(2, 32))
	vrfs := 1
	if body.era < Babbage {
		vrfs = 2
	}
	for i := range vrfs {
		b = cbor.AppendArray(b, 2)
		b = cbor.AppendBytes(b, filled(byte(10+i), 64))
		b = cbor.AppendBytes(b, filled(byte(20+i), 80))
	}
	hash := body.hash()
	b = cbor.AppendUint(b, uint64(body.size()))
	b = cbor.AppendBytes(b, hash[:])
	if body.era >= Babbage {
		b = cbor.AppendArray(b, 4)
	}
	b = cbor.AppendBytes(b, filled(3, 32))
	b = cbor.AppendUint(b, 77)
	b = cbor.AppendUint(b, 88)
	b = cbor.AppendBytes(b, filled(4, 64))
	if body.era >= Babbage {
		b = cbor.AppendArray(b, 2)
	}
	b = cbor.AppendUint(b, 9)
	b = cbor.AppendUint(b, 1)
	return cbor.AppendBytes(b, filled(5, 448))
}

// testBlock puts a block together.
func testBlock(era Era, header []byte, parts [][]byte) RawBlock {
	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendUint(b, era.BlockTag())
	b = cbor.AppendArray(b, 1+len(parts))
	b = append(b, header...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func shelleyTestBlock(era Era) RawBlock {
	body := shelleyTestBody(era)
	return testBlock(era, testHeader(body, &Hash{7}), body.parts)
}

// byronTestTx returns a Byron transaction with one input and one output.
func byronTestTx(i int) []byte {
	tx := []byte{0x83, 0x9f, 0x82, 0x00, 0xd8, 24, 0x58, 36, 0x82}
	tx = cbor.AppendBytes(tx, filled(byte(i), 32))
	tx = append(tx, 0x00, 0xff, 0x9f, 0x82)
	tx = append(tx, byronTestAddress(i)...)
	return append(tx, 0x01, 0xff, 0xa0)
}

func byronTestAddress(i int) []byte {
	a := cbor.AppendBytes([]byte{0x83}, filled(byte(i), 28))
	a = append(a, 0xa0, 0x00)
	b := cbor.AppendBytes([]byte{0x82, 0xd8, 24}, a)
	return cbor.AppendUint(b, uint64(crc32.ChecksumIEEE(a)))
}

func byronTestWitnesses(i int) []byte {
	w := cbor.AppendBytes([]byte{0x82}, filled(byte(i), 64))
	w = cbor.AppendBytes(w, filled(byte(i), 64))
	return cbor.AppendBytes([]byte{0x81, 0x82, 0x00, 0xd8, 24}, w)
}

// byronTestBody returns the parts of a body with n transactions.
func byronTestBody(n int) byronTestParts {
	var p byronTestParts
	for i := range n {
		p.txs = append(p.txs, byronTestTx(i))
		p.witnesses = append(p.witnesses, byronTestWitnesses(i))
	}
	p.ssc = []byte{0x82, 0x03, 0xd9, 0x01, 0x02, 0x80}
	p.delegation, p.update, p.extra = []byte{0x9f, 0xff}, []byte{0x82, 0x80, 0x9f, 0xff}, []byte{0x81, 0xa0}
	return p
}

// byronTestParts are the parts of a regular Byron block, each as it is there.
type byronTestParts struct {
	txs, witnesses                 [][]byte
	ssc, delegation, update, extra []byte
}

// byronTestBlock returns a regular Byron block with n transactions.
func byronTestBlock(n int) RawBlock { return byronTestBody(n).block() }

// block puts the parts together under a header with the right proof.
func (p byronTestParts) block() RawBlock {
	payload := cbor.AppendArrayIndefinite(nil)
	var leaves []Hash
	witnesses := []byte{0x9f}
	for i, tx := range p.txs {
		payload = cbor.AppendArray(payload, 2)
		payload = append(append(payload, tx...), p.witnesses[i]...)
		leaves = append(leaves, sum256(append([]byte{0}, tx...)))
		witnesses = append(witnesses, p.witnesses[i]...)
	}
	payload = cbor.AppendBreak(payload)
	witnesses = append(witnesses, 0xff)

	root := merkleRoot(leaves)
	b := cbor.AppendArray(nil, 5)
	b = cbor.AppendUint(b, 764824073)
	b = cbor.AppendBytes(b, filled(6, 32))
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendArray(b, 3)
	b = cbor.AppendUint(b, uint64(len(p.txs)))
	b = cbor.AppendBytes(b, root[:])
	b = appendHash(b, witnesses)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 3)
	b = cbor.AppendBytes(b, filled(8, 32))
	b = appendHash(b, p.delegation)
	b = appendHash(b, p.update)
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendUint(b, 5)
	b = cbor.AppendBytes(b, filled(1, 64))
	b = cbor.AppendArray(b, 1)
	b = cbor.AppendUint(b, 43000)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendUint(b, 0)
	for _, v := range []byte{2, 3, 4} {
		b = cbor.AppendBytes(b, filled(v, 64))
	}
	b = cbor.AppendBytes(b, filled(5, 64))
	b = append(b, 0x84, 0x83, 1, 0, 0, 0x82) // versions
	b = append(cbor.AppendText(b, "test"), 1, 0xa0)
	b = cbor.AppendBytes(b, filled(9, 32))

	body := slices.Concat([]byte{0x84}, payload, p.ssc, p.delegation, p.update)
	return testBlock(Byron, b, [][]byte{body, p.extra})
}

func appendHash(dst, of []byte) []byte {
	h := sum256(of)
	return cbor.AppendBytes(dst, h[:])
}
