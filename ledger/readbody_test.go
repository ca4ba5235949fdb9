package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// Parts of a body, which the header promises, in each other form: the body has
// three transactions, a0, a100f6 and a0, and no more. A body is right for the
// eras from one to another, and for no other.
func TestBodyForms(t *testing.T) {
	const (
		bodies = iota
		witnesses
		aux
		invalid
	)
	for _, tt := range []struct {
		name        string
		part        int
		to          string
		first, last Era // none: first is above last
	}{
		{"indefinite bodies", bodies, "9fa0a100f6a0ff", Shelley, Conway},
		{"bodies with a wide head", bodies, "9803a0a100f6a0", Shelley, Conway},
		{"indefinite body", bodies, "83a0bf00f6ffa0", Shelley, Conway},
		{"body more", bodies, "84a0a100f6a0a0", 1, 0},
		{"body less", bodies, "82a0a0", 1, 0},
		{"array as body", bodies, "83a08100a0", 1, 0},
		{"null as body", bodies, "83a0f6a0", 1, 0},
		{"integer as body", bodies, "83a001a0", 1, 0},
		{"encoded body", bodies, "83a0d81841a0a0", 1, 0},
		{"tagged body", bodies, "83a0c0a0a0", 1, 0},
		{"null as bodies", bodies, "f6", 1, 0},
		{"map as bodies", bodies, "a3a0a0a0a0a0a0", 1, 0},
		{"set of bodies", bodies, "d9010283a0a100f6a0", 1, 0},

		{"indefinite witnesses", witnesses, "9fa0a0a0ff", Shelley, Conway},
		{"too few witnesses", witnesses, "82a0a0", 1, 0},
		{"too few indefinite witnesses", witnesses, "9fa0a0ff", 1, 0},
		{"too many witnesses", witnesses, "84a0a0a0a0", 1, 0},
		{"array as witnesses of one", witnesses, "83a080a0", 1, 0},
		{"null as witnesses of one", witnesses, "83a0f6a0", 1, 0},
		{"map as witnesses", witnesses, "a3a0a0a0a0a0a0", 1, 0},

		{"auxiliary data", aux, "a101a0", Shelley, Conway},
		{"indefinite map", aux, "bf01bf00f6ffff", Shelley, Conway},
		{"wide heads", aux, "b8011801b800", Shelley, Conway},
		{"data in another order", aux, "a302a000a001a0", Shelley, Conway},
		{"data twice", aux, "a201a101f601a0", Shelley, Babbage},
		{"data twice, apart", aux, "a300a002a000a0", Shelley, Babbage},
		{"data of no transaction", aux, "a103a0", 1, 0},
		{"data of a negative one", aux, "a120a0", 1, 0},
		{"data of one far beyond", aux, "a11a000f4240a0", 1, 0},
		{"huge index", aux, "a11bffffffffffffffffa0", 1, 0},
		{"text as index", aux, "a16131a0", 1, 0},
		{"null as data", aux, "a101f6", 1, 0},
		{"integer as data", aux, "a10101", 1, 0},
		{"array as auxiliary data", aux, "8100", 1, 0},
		{"null as auxiliary data", aux, "f6", 1, 0},
		{"data with scripts", aux, "a10182a080", Allegra, Conway},
		{"data with scripts, indefinite", aux, "a1019fbfff9fffff", Allegra, Conway},
		{"data without scripts", aux, "a10181a0", 1, 0},
		{"data with more", aux, "a10183a08080", 1, 0},
		{"data with more, indefinite", aux, "a1019fa08080ff", 1, 0},
		{"scripts first", aux, "a1018280a0", 1, 0},
		{"Alonzo's data", aux, "a101d90103a0", Alonzo, Conway},
		{"Alonzo's data, wide tag", aux, "a101da00000103bfff", Alonzo, Conway},
		{"another tag", aux, "a101d90102a0", 1, 0},
		{"Alonzo's data, an array", aux, "a101d9010380", 1, 0},

		{"no invalid ones", invalid, "80", Alonzo, Conway},
		{"no invalid ones, indefinite", invalid, "9fff", Alonzo, Conway},
		{"all invalid", invalid, "83000102", Alonzo, Conway},
		{"some, indefinite and wide", invalid, "9f1800190002ff", Alonzo, Conway},
		{"descending", invalid, "820200", 1, 0},
		{"twice", invalid, "820101", 1, 0},
		{"twice the last", invalid, "83000202", 1, 0},
		{"invalid one that is none", invalid, "8103", 1, 0},
		{"far beyond", invalid, "811a000f4240", 1, 0},
		{"negative", invalid, "8120", 1, 0},
		{"huge", invalid, "811bffffffffffffffff", 1, 0},
		{"big number", invalid, "81c24101", 1, 0},
		{"set", invalid, "d901028101", 1, 0},
		{"map", invalid, "a10001", 1, 0},
		{"null", invalid, "f6", 1, 0},
	} {
		for era := Shelley; era <= Conway; era++ {
			if tt.part == invalid && era < Alonzo {
				continue
			}
			body := testBody{era, [][]byte{golden.Bytes(t, "83a0a100f6a0"), golden.Bytes(t, "83a0a0a0"), golden.Bytes(t, "a0"), golden.Bytes(t, "80")}}
			body.parts = body.parts[:blockParts(era)-1]
			body.parts[tt.part] = golden.Bytes(t, tt.to)
			raw := testBlock(era, testHeader(body, nil), body.parts)
			b, err := Preview.ParseBlock(raw)
			if err != nil {
				t.Fatal(err)
			}
			eachByte(t, raw)
			_, txsErr := b.Txs()
			checkErr := b.CheckBody()
			want := tt.first <= era && era <= tt.last
			if (txsErr == nil) != want || (checkErr == nil) != want {
				t.Errorf("%v, %s: CheckBody: %v, Txs: %v, want right = %t", era, tt.name, checkErr, txsErr, want)
			}
		}
	}
}

// What the lists say of which transaction.
func TestBodyPieces(t *testing.T) {
	body := testBody{Babbage, [][]byte{
		golden.Bytes(t, "85a0a0a0a0a0"), golden.Bytes(t, "85a0a100f6a0a0a0"), golden.Bytes(t, "a304d90103a001a101f601a0"), golden.Bytes(t, "9f0103ff"),
	}}
	b, err := Preview.ParseBlock(testBlock(Babbage, testHeader(body, nil), body.parts))
	if err != nil {
		t.Fatal(err)
	}
	txs, err := b.Txs()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"84a0a0f5f6", "84a0a100f6f4a0", "84a0a0f5f6", "84a0a0f4f6", "84a0a0f5d90103a0"}
	for i, tx := range txs {
		if got := hex.EncodeToString(tx.Raw.Bytes); got != want[i] {
			t.Errorf("transaction %d is %s, want %s", i, got, want[i])
		}
	}
}

// Auxiliary data of as many transactions as a small body has, and of more.
func TestManyAuxiliaryData(t *testing.T) {
	for _, n := range []int{512, 513, 1000} {
		bodies := cbor.AppendArray(nil, n)
		aux := cbor.AppendMap(nil, n)
		for i := range n {
			bodies = append(bodies, 0xa0)
			aux = append(cbor.AppendUint(aux, uint64(n-1-i)), 0xa0)
		}
		check := func(aux []byte) error {
			body := testBody{Conway, [][]byte{bodies, bodies, aux, {0x80}}}
			b, err := Preview.ParseBlock(testBlock(Conway, testHeader(body, nil), body.parts))
			if err != nil {
				t.Fatal(err)
			}
			return b.CheckBody()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := check(aux); err != nil {
			t.Errorf("%d: %v", n, err)
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 100<<10 {
			t.Errorf("%d: %d bytes are allocated", n, after.TotalAlloc-before.TotalAlloc)
		}
		last := slices.Concat(aux[:len(aux)-2], []byte{1, 0xa0}) // 0 is the last
		if !bytes.HasSuffix(aux, []byte{0, 0xa0}) || check(last) == nil {
			t.Errorf("%d: index 1 may come twice", n)
		}
	}
}

// Stand-alone transactions in each other form.
func TestTxForms(t *testing.T) {
	for _, tt := range []struct {
		tx       string
		from, to Era
	}{
		{"83a0a0f6", Shelley, Conway},
		{"9fa0a0f6ff", Shelley, Conway},
		{"83bfffbffff6", Shelley, Conway},
		{"9803a0a0f6", Shelley, Conway},
		{"83a0a0a0", Shelley, Conway},
		{"83a0a082a080", Allegra, Conway},
		{"83a0a0d90103a0", Alonzo, Conway},
		{"84a0a0f5f6", Alonzo, Conway},
		{"84a0a0f4a0", Alonzo, Conway},
		{"9fa0a0f482a080ff", Alonzo, Conway},
		{"84a0a0f5d90103a0", Alonzo, Conway},
		{"83a0a0f5", 1, 0},
		{"84a0a0f6f6", 1, 0},
		{"84a0a0f6", 1, 0},
		{"83a0a0f5f6", 1, 0},
		{"85a0a0f5f6", 1, 0},
		{"84a0a001f6", 1, 0},
		{"84a0a0f7f6", 1, 0},
		{"85a0a0f5f6f6", 1, 0},
		{"84a0a0f6f5", 1, 0},
		{"9fa0a0f5ff", 1, 0},
		{"82a0a0", 1, 0},
		{"82a0f6", 1, 0},
		{"8380a0f6", 1, 0},
		{"83a080f6", 1, 0},
		{"83a0f6f6", 1, 0},
		{"83a0a0f7", 1, 0},
		{"83a0a000", 1, 0},
		{"83a0a040", 1, 0},
		{"a1a0a0", 1, 0},
		{"83a0a0f600", 1, 0},
	} {
		for era := Shelley; era <= Conway; era++ {
			b := golden.Bytes(t, tt.tx)
			id, err := RawTx{Era: era, Bytes: b}.ID()
			if want := tt.from <= era && era <= tt.to; (err == nil) != want {
				t.Errorf("%v, %s: %v, want right = %t", era, tt.tx, err, want)
			}
			body := b[1:2]
			if bytes.Contains(b, []byte{0xbf}) {
				body = b[1:3]
			} else if b[0] == 0x98 {
				body = b[2:3]
			}
			if err == nil && id != (TxID{Era: era, Hash: sum256(body)}) {
				t.Errorf("%v, %s: id %v", era, tt.tx, id)
			}
		}
	}
}

// A transaction of an era that is not known has no id.
func TestUnknownEraTx(t *testing.T) {
	for era := Shelley; int(era) < NumEras+2; era++ {
		_, err := RawTx{Era: era, Bytes: []byte{0x83, 0xa0, 0xa0, 0xf6}}.ID()
		if unknown := errors.As(err, new(*UnknownEraError)); unknown == era.Known() || (err == nil) != era.Known() {
			t.Errorf("%v: %v", era, err)
		}
	}
}

// An index far beyond the transactions is an error of the body, in each list.
func TestFarIndices(t *testing.T) {
	for _, index := range []uint64{1, 2, 63, 64, 511, 512, 1000, 65535, 65536, 1<<31 - 1, 1 << 31, 1<<64 - 1} {
		aux := append(cbor.AppendUint(cbor.AppendMap(nil, 1), index), 0xa0)
		invalid := cbor.AppendUint(cbor.AppendArray(nil, 1), index)
		for era := Shelley; era < Dijkstra; era++ {
			one := []byte{0x81, 0xa0}
			bodies := []testBody{{era, [][]byte{one, one, aux, {0x80}}}}
			if era >= Alonzo {
				bodies = append(bodies, testBody{era, [][]byte{one, one, {0xa0}, invalid}})
			} else {
				bodies[0].parts = bodies[0].parts[:3]
			}
			for _, body := range bodies {
				b, err := Preview.ParseBlock(testBlock(era, testHeader(body, nil), body.parts))
				if err != nil {
					t.Fatal(err)
				}
				if txs, err := b.Txs(); err == nil || txs != nil {
					t.Errorf("%v, index %d of one transaction: %d transactions", era, index, len(txs))
				}
				if b.CheckBody() == nil {
					t.Errorf("%v, index %d of one transaction: the body is good", era, index)
				}
			}
		}
	}
}
