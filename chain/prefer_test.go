package chain

import (
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// candidate is what the tie-break looks at.
type candidate struct {
	era     ledger.Era
	ebb     bool
	slot    uint64
	issuer  byte
	counter uint64
	vrf     byte // of the leader proof
}

func (x candidate) header() *ledger.Header {
	h := &ledger.Header{Slot: ledger.Slot(x.slot)}
	h.Raw.Era, h.Raw.EBB = x.era, x.ebb
	if x.era == ledger.Byron {
		return h
	}
	bytes := func(b []byte, n int, fill byte) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = fill
		}
		return cbor.AppendBytes(b, p)
	}
	cert := func(b []byte, fill byte) []byte {
		return bytes(bytes(cbor.AppendArray(b, 2), 64, fill), 80, 0)
	}
	praos := x.era >= ledger.Babbage
	b := cbor.AppendArray(nil, 2)
	if praos {
		fields := 10
		if x.era >= ledger.Dijkstra {
			fields = 12
		}
		b = cbor.AppendArray(b, fields)
	} else {
		b = cbor.AppendArray(b, 15)
	}
	b = cbor.AppendUint(b, 7)
	b = cbor.AppendUint(b, x.slot)
	b = bytes(b, 32, 1)
	b = bytes(b, 32, x.issuer)
	b = bytes(b, 32, 0)
	if !praos {
		b = cert(b, 0xff-x.vrf) // the nonce proof, which must not count
	}
	b = cert(b, x.vrf)
	b = cbor.AppendUint(b, 0)
	b = bytes(b, 32, 0)
	if praos {
		b = cbor.AppendArray(b, 4)
	}
	b = bytes(b, 32, 0)
	b = cbor.AppendUint(b, x.counter)
	b = cbor.AppendUint(b, 0)
	b = bytes(b, 64, 0)
	if praos {
		b = cbor.AppendArray(b, 2)
	}
	b = cbor.AppendUint(b, 9)
	b = cbor.AppendUint(b, 0)
	if x.era >= ledger.Dijkstra {
		b = cbor.AppendNull(cbor.AppendBool(b, true))
	}
	b = bytes(b, 448, 0)
	h.Raw.Bytes = b
	return h
}

func TestPreferPraos(t *testing.T) {
	const (
		babbage  = ledger.Babbage
		conway   = ledger.Conway
		dijkstra = ledger.Dijkstra
		alonzo   = ledger.Alonzo
	)
	for _, test := range []struct {
		name       string
		ours, cand candidate
		want, back bool // back: the other way round
	}{
		{"lower VRF", candidate{conway, false, 100, 1, 0, 9}, candidate{conway, false, 100, 2, 0, 8}, true, false},
		{"the same", candidate{conway, false, 100, 1, 3, 9}, candidate{conway, false, 100, 1, 3, 9}, false, false},
		{"5 slots apart", candidate{conway, false, 100, 1, 0, 9}, candidate{conway, false, 105, 2, 0, 8}, true, false},
		{"6 slots apart", candidate{conway, false, 100, 1, 0, 9}, candidate{conway, false, 106, 2, 0, 8}, false, false},
		{"6 slots apart, earlier", candidate{conway, false, 106, 1, 0, 9}, candidate{conway, false, 100, 2, 0, 8}, false, false},
		{"6 slots apart before Conway", candidate{babbage, false, 100, 1, 0, 9}, candidate{babbage, false, 106, 2, 0, 8}, true, false},
		{"6 slots apart at the border", candidate{babbage, false, 100, 1, 0, 9}, candidate{conway, false, 106, 2, 0, 8}, false, false},
		{"5 slots apart in Dijkstra", candidate{dijkstra, false, 100, 1, 0, 9}, candidate{dijkstra, false, 105, 2, 0, 8}, true, false},
		{"6 slots apart in Dijkstra", candidate{dijkstra, false, 100, 1, 0, 9}, candidate{dijkstra, false, 106, 2, 0, 8}, false, false},
		{"Conway and Dijkstra", candidate{conway, false, 100, 1, 0, 9}, candidate{dijkstra, false, 101, 2, 0, 8}, true, false},
		{"issue number", candidate{conway, false, 100, 1, 4, 7}, candidate{conway, false, 100, 1, 5, 7}, true, false},
		{"issue number of another slot", candidate{conway, false, 100, 1, 4, 7}, candidate{conway, false, 101, 1, 5, 8}, false, true},
		{"issue number of another issuer", candidate{conway, false, 100, 1, 4, 7}, candidate{conway, false, 100, 2, 5, 8}, false, true},
		{"leader proof of TPraos", candidate{alonzo, false, 100, 1, 0, 9}, candidate{alonzo, false, 100, 2, 0, 8}, true, false},
		{"Byron and Shelley", candidate{ledger.Byron, false, 100, 1, 0, 9}, candidate{ledger.Shelley, false, 100, 2, 0, 0}, false, false},
		{"boundary block", candidate{ledger.Byron, false, 100, 1, 0, 9}, candidate{ledger.Byron, true, 100, 2, 0, 0}, true, false},
	} {
		ours, cand := test.ours.header(), test.cand.header()
		if got := PreferPraos(ours, cand); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
		if got := PreferPraos(cand, ours); got != test.back {
			t.Errorf("%s, the other way round: %v", test.name, got)
		}
		if ours.Raw.Era == ledger.Byron {
			continue
		}
		// As they come from the wire.
		ours, cand = parsed(t, ours), parsed(t, cand)
		if got, back := PreferPraos(ours, cand), PreferPraos(cand, ours); got != test.want || back != test.back {
			t.Errorf("%s, parsed: %v, the other way round %v", test.name, got, back)
		}
		if n := testing.AllocsPerRun(10, func() { PreferPraos(ours, cand) }); n > 0 {
			t.Errorf("%s: %v allocations", test.name, n)
		}
	}
}

func parsed(t *testing.T, h *ledger.Header) *ledger.Header {
	t.Helper()
	p, err := ledger.Preview.ParseHeader(h.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}
