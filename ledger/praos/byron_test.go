package praos_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

func verifier(tb testing.TB, c praos.Config) *praos.Verifier {
	tb.Helper()
	v, err := praos.NewVerifier(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// byronChain returns signed Byron blocks with boundary blocks among them, and
// the state before each.
func byronChain(t *testing.T) (g *chaintest.Generator, v *praos.Verifier, blocks []ledger.Block, states []praos.State) {
	t.Helper()
	g = chaintest.NewGenerator(chaintest.Config{Signed: true, Network: chaintest.AllEras()})
	v = verifier(t, praos.Config{Network: g.Network(), GenesisKeys: g.GenesisKeys()})
	blocks = g.Blocks(130)
	s := praos.Origin(g.Network())
	for _, b := range blocks {
		states = append(states, s)
		var err error
		if s, _, err = v.Verify(s, &b.Header); err != nil {
			t.Fatal(err)
		}
	}
	return g, v, blocks, states
}

// No byte that is signed or hashed can be changed. A boundary block has no
// signature, so of its bytes only those that say its place are checked; all
// others change its hash and so break the next header.
func TestByronChanges(t *testing.T) {
	g, v, blocks, states := byronChain(t)
	n := g.Network()
	for i := range blocks[:125] {
		h := &blocks[i].Header
		if !h.Raw.EBB && i%40 != 1 {
			continue
		}
		for at := range h.Raw.Bytes {
			raw := h.Raw
			raw.Bytes = bytes.Clone(raw.Bytes)
			raw.Bytes[at] ^= 1
			changed, err := n.ParseHeader(raw)
			if err != nil {
				continue
			}
			next, _, err := v.Verify(states[i], &changed)
			if err == nil && h.Raw.EBB {
				_, _, err = v.Verify(next, &blocks[i+1].Header)
			}
			if err == nil {
				t.Errorf("block %d with byte %d changed passes", i, at)
			}
		}
	}
}

// Byron's signatures hold with the order of the generator added to S, as long
// as it stays below 2^253. (eddsa.VerifyByron)
func TestByronSignaturesModuloOrder(t *testing.T) {
	g, v, blocks, states := byronChain(t)
	n := g.Network()
	const at = 10
	raw := blocks[at].Header.Raw
	// Three keys of 64 bytes come before the two signatures.
	var ends []int
	for i := 0; i < len(raw.Bytes)-1; {
		if raw.Bytes[i] == 0x58 && raw.Bytes[i+1] == 64 {
			i += 66
			ends = append(ends, i)
		} else {
			i++
		}
	}
	if len(ends) != 5 {
		t.Fatalf("%d byte strings of 64 bytes", len(ends))
	}
	order := []byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	for _, end := range ends[3:] {
		for times := range 3 {
			changed := raw
			changed.Bytes = bytes.Clone(raw.Bytes)
			for range times {
				carry := 0
				for i, b := range order {
					sum := int(changed.Bytes[end-32+i]) + int(b) + carry
					changed.Bytes[end-32+i], carry = byte(sum), sum>>8
				}
			}
			h, err := n.ParseHeader(changed)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := v.Verify(states[at], &h); (err == nil) != (times < 2) {
				t.Errorf("S and %d times the order in the signature that ends at %d: %v", times, end, err)
			}
		}
	}
}

func TestByronEnvelope(t *testing.T) {
	g, v, blocks, states := byronChain(t)
	const at = 10
	for name, test := range map[string]struct {
		change func(n *ledger.Network, s *praos.State, keys map[praos.PoolID]bool)
		want   error
	}{
		"magic":       {func(n *ledger.Network, _ *praos.State, _ map[praos.PoolID]bool) { n.Magic++ }, praos.ErrMagic},
		"number":      {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.BlockNo++ }, praos.ErrBlockNo},
		"slot":        {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.Point.Slot++ }, praos.ErrSlot},
		"parent":      {func(_ *ledger.Network, s *praos.State, _ map[praos.PoolID]bool) { s.Tip.Point.Hash[0]++ }, praos.ErrPrevHash},
		"era":         {func(n *ledger.Network, _ *praos.State, _ map[praos.PoolID]bool) { n.Eras[ledger.Shelley].Start = 5 }, praos.ErrEra},
		"genesis key": {func(_ *ledger.Network, _ *praos.State, k map[praos.PoolID]bool) { clear(k) }, praos.ErrGenesisKey},
	} {
		n, s, keys := g.Network(), states[at], g.GenesisKeys()
		test.change(&n, &s, keys)
		_, _, err := verifier(t, praos.Config{Network: n, GenesisKeys: keys}).Verify(s, &blocks[at].Header)
		if e := (*praos.Error)(nil); !errors.As(err, &e) || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, made, err := v.Verify(states[at], &blocks[at].Header); err != nil || made != praos.Envelope|praos.Byron|praos.GenesisKey {
		t.Errorf("checked %v, %v", made, err)
	}
	// The first header names the genesis hash.
	n := g.Network()
	n.Genesis.Byron = ledger.Hash{1}
	if _, _, err := verifier(t, praos.Config{Network: n}).Verify(states[0], &blocks[0].Header); !errors.Is(err, praos.ErrPrevHash) {
		t.Errorf("chain of another genesis: %v", err)
	}
}

// byronHeader is the items of a Byron header of generated chains, to be changed
// and signed again.
type byronHeader struct {
	magic, prev, proof, slot, difficulty, extra, epoch []byte
}

func (h *byronHeader) sign(t *testing.T, n *ledger.Network) (ledger.Header, map[praos.PoolID]bool) {
	t.Helper()
	genesis, delegate := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	public := func(k ed25519.PrivateKey) []byte { return append(bytes.Clone(k[32:]), make([]byte, 32)...) }
	magic := cbor.AppendUint(nil, uint64(n.Magic))

	allowed := slices.Concat([]byte("00"), public(delegate), h.epoch)
	certificate := ed25519.Sign(genesis, cbor.AppendBytes(append([]byte{10}, magic...), allowed))
	message := slices.Concat([]byte("01"), public(genesis), []byte{9}, magic, []byte{0x85}, h.prev, h.proof, h.slot, h.difficulty, h.extra)

	b := slices.Concat([]byte{0x85}, h.magic, h.prev, h.proof, []byte{0x84}, h.slot)
	b = append(cbor.AppendBytes(b, public(genesis)), h.difficulty...)
	b = append(append(b, 0x82, 2, 0x82, 0x84), h.epoch...)
	b = cbor.AppendBytes(cbor.AppendBytes(cbor.AppendBytes(b, public(genesis)), public(delegate)), certificate)
	b = append(cbor.AppendBytes(b, ed25519.Sign(delegate, message)), h.extra...)
	header, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Byron, Bytes: b})
	if err != nil {
		t.Fatal(err)
	}
	return header, map[praos.PoolID]bool{praos.ByronKeyHash(public(genesis)): true}
}

// newByronHeader follows a block in slot 10 with number 8 and a hash of ones.
func newByronHeader(n *ledger.Network) (*byronHeader, praos.State) {
	hash := cbor.AppendBytes(nil, bytes.Repeat([]byte{1}, 32))
	h := &byronHeader{
		magic: cbor.AppendUint(nil, uint64(n.Magic)), prev: hash,
		proof: slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x82, 3}, hash, hash, hash),
		slot:  []byte{0x82, 0, 11}, difficulty: []byte{0x81, 9}, epoch: []byte{0},
		extra: slices.Concat([]byte{0x84, 0x83, 1, 0, 0, 0x82, 0x61, 'a', 1, 0xa0}, hash),
	}
	return h, praos.State{Tip: ledger.Tip{Point: ledger.Point{Slot: 10, Hash: ledger.Hash(hash[2:])}, BlockNo: 8}}
}

// Signatures are over the bytes as they came, in whatever form that is.
func TestByronSignedBytes(t *testing.T) {
	n := chaintest.AllEras()
	for name, change := range map[string]func(h *byronHeader){
		"shortest forms":     func(*byronHeader) {},
		"wide previous hash": func(h *byronHeader) { h.prev = append([]byte{0x59, 0}, h.prev[1:]...) },
		"wide slot":          func(h *byronHeader) { h.slot = []byte{0x82, 0x18, 0, 0x19, 0, 11} },
		"wide slot head":     func(h *byronHeader) { h.slot = []byte{0x98, 2, 0, 11} },
		"wide difficulty":    func(h *byronHeader) { h.difficulty = []byte{0x81, 0x18, 9} },
		"wide epoch":         func(h *byronHeader) { h.epoch = []byte{0x18, 0} },
		"wide extra data":    func(h *byronHeader) { h.extra = append([]byte{0x98, 4}, h.extra[1:]...) },
		"wide proof":         func(h *byronHeader) { h.proof = append([]byte{0x98, 4}, h.proof[1:]...) },
		"wide magic":         func(h *byronHeader) { h.magic = []byte{0x19, 0, byte(n.Magic)} },
		"slot in epoch":      func(h *byronHeader) { h.slot = []byte{0x82, 0, 0x18, 130} }, // of 120
	} {
		plain, s := newByronHeader(&n)
		h := *plain
		change(&h)
		header, keys := h.sign(t, &n)
		v := verifier(t, praos.Config{Network: n, GenesisKeys: keys, Require: praos.Byron | praos.GenesisKey})
		if _, _, err := v.Verify(s, &header); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// The signatures of the plain header are not those of another form, but the
		// magic is not signed.
		signed, _ := plain.sign(t, &n)
		was, _ := signed.Byron()
		is, _ := header.Byron()
		raw := header.Raw
		raw.Bytes = bytes.Replace(raw.Bytes, is.Signature, was.Signature, 1)
		raw.Bytes = bytes.Replace(raw.Bytes, is.Certificate.Signature, was.Certificate.Signature, 1)
		mixed, err := n.ParseHeader(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = v.Verify(s, &mixed)
		if same := name == "shortest forms" || name == "wide magic"; (err == nil) != same {
			t.Errorf("%s with the signatures of another form: %v", name, err)
		}
	}
}

// The keys of the networks that began in Byron are known: headers of other issuers
// are refused, though the configuration has no keys.
func TestByronKnownKeys(t *testing.T) {
	for _, n := range []ledger.Network{ledger.Mainnet, ledger.Preprod} {
		h, s := newByronHeader(&n)
		header, keys := h.sign(t, &n)
		if _, made, err := verifier(t, praos.Config{Network: n, GenesisKeys: keys}).Verify(s, &header); err != nil || made&praos.GenesisKey == 0 {
			t.Errorf("%s, the key given: checked %v, %v", n.Name, made, err)
		}
		_, _, err := verifier(t, praos.Config{Network: n}).Verify(s, &header)
		if !errors.Is(err, praos.ErrGenesisKey) {
			t.Errorf("%s, no key given: %v, want a GenesisKeyError", n.Name, err)
		}
	}
}

// Where no key is known, what requires them refuses.
func TestByronRequire(t *testing.T) {
	n := chaintest.AllEras()
	h, s := newByronHeader(&n)
	header, keys := h.sign(t, &n)
	for _, tt := range []struct {
		keys    map[praos.PoolID]bool
		require praos.Checks
		missing praos.Checks
	}{
		{nil, praos.Envelope | praos.Byron, 0},
		{nil, praos.Byron | praos.GenesisKey, praos.GenesisKey},
		{nil, praos.VRF | praos.KES, 0}, // of later eras
		{keys, praos.Byron | praos.GenesisKey, 0},
	} {
		_, _, err := verifier(t, praos.Config{Network: n, GenesisKeys: tt.keys, Require: tt.require}).Verify(s, &header)
		var e *praos.Error
		if (err != nil) != (tt.missing != 0) || err != nil && (!errors.As(err, &e) || e.Kind != praos.ErrUnchecked || e.Check != tt.missing) {
			t.Errorf("required %v: %v, want missing %v", tt.require, err, tt.missing)
		}
	}
}

// Only a boundary block comes first; it names the genesis hash, and later ones
// must not.
func TestByronFirstBlock(t *testing.T) {
	n := chaintest.AllEras()
	genesis := n.Genesis.Byron
	h, _ := newByronHeader(&n)
	h.prev, h.slot, h.difficulty = cbor.AppendBytes(nil, genesis[:]), []byte{0x82, 0, 0}, []byte{0x81, 0}
	first, _ := h.sign(t, &n)
	v := verifier(t, praos.Config{Network: n})
	if _, _, err := v.Verify(praos.Origin(n), &first); !errors.Is(err, praos.ErrFirstBlock) {
		t.Errorf("regular block first: %v", err)
	}

	g := chaintest.NewGenerator(chaintest.Config{Signed: true, Network: n})
	epoch0 := g.Next().Header
	late := chaintest.NewGenerator(chaintest.Config{Network: n, Eras: []chaintest.Stretch{{Era: ledger.Byron}}, After: 125}).Next().Header
	if late.HasPrev || late.Slot != 120 {
		t.Fatalf("chain that starts late: %+v", late)
	}
	for _, h := range []ledger.Header{epoch0, late} {
		if _, _, err := v.Verify(praos.Origin(n), &h); err != nil {
			t.Errorf("boundary block of slot %d first: %v", h.Slot, err)
		}
		b, _ := h.Byron()
		s := praos.State{Tip: ledger.Tip{Point: ledger.Point{Slot: h.Slot - 1, Hash: b.Prev}, BlockNo: h.BlockNo}}
		if h.Slot == 0 {
			s.Tip.Point = ledger.Point{Hash: ledger.Hash{1}}
		}
		if _, _, err := v.Verify(s, &h); !errors.Is(err, praos.ErrPrevHash) {
			t.Errorf("boundary block of slot %d later: %v", h.Slot, err)
		}
	}
}

// Rules of boundary blocks, by the Haskell node's Byron/Ledger/HeaderValidation.hs.
func TestBoundaryEnvelope(t *testing.T) {
	n := chaintest.AllEras() // epochs of 120 slots
	hash := bytes.Repeat([]byte{1}, 32)
	boundary := func(epoch uint64, number byte, magic ...byte) ledger.Header {
		b := append([]byte{0x85}, magic...)
		b = cbor.AppendBytes(cbor.AppendBytes(b, hash), hash)
		b = append(cbor.AppendUint(append(b, 0x82), epoch), 0x81, number, 0x81, 0xa0)
		h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Byron, EBB: true, Bytes: b})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for name, tt := range map[string]struct {
		header ledger.Header
		slot   ledger.Slot // of the block before, with number 8
		ebb    bool        // it is a boundary block
		want   error
	}{
		"after a regular block":                {boundary(1, 8, 43), 110, false, nil},
		"another magic":                        {boundary(1, 8, 44), 110, false, nil},
		"negative magic":                       {boundary(1, 8, 0x20), 110, false, nil},
		"next number":                          {boundary(1, 9, 43), 110, false, praos.ErrBlockNo},
		"after a boundary block":               {boundary(1, 9, 43), 0, true, nil},
		"the number of a boundary block":       {boundary(1, 8, 43), 0, true, praos.ErrBlockNo},
		"in the slot of the block before":      {boundary(1, 8, 43), 120, false, praos.ErrSlot},
		"in the slot of a boundary block":      {boundary(1, 9, 43), 120, true, praos.ErrSlot},
		"epoch cut to 64 bits":                 {boundary(1<<61+1, 8, 43), 110, false, nil}, // and so to slot 120
		"in an epoch that is not one of Byron": {boundary(2, 8, 43), 110, false, praos.ErrEra},
	} {
		s := praos.State{Tip: ledger.Tip{Point: ledger.Point{Slot: tt.slot, Hash: ledger.Hash(hash)}, BlockNo: 8}, EBB: tt.ebb}
		_, _, err := verifier(t, praos.Config{Network: n}).Verify(s, &tt.header)
		e := (*praos.Error)(nil)
		if (err == nil) != (tt.want == nil) || err != nil && (!errors.As(err, &e) || !errors.Is(err, tt.want) || e.Check != praos.Envelope) {
			t.Errorf("%s (slot %d): %v, want %v", name, tt.header.Slot, err, tt.want)
		}
	}
}

// A checkpoint is of every header with its number, boundary blocks included, which
// share the number of the block before them.
func TestBoundaryCheckpoint(t *testing.T) {
	g, _, blocks, states := byronChain(t)
	last := slices.IndexFunc(blocks[1:], func(b ledger.Block) bool { return b.Header.Raw.EBB })
	regular, boundary := &blocks[last].Header, &blocks[last+1].Header
	if regular.BlockNo != boundary.BlockNo {
		t.Fatalf("numbers %d and %d", regular.BlockNo, boundary.BlockNo)
	}
	for _, named := range []*ledger.Header{regular, boundary} {
		v := verifier(t, praos.Config{Network: g.Network(), Checkpoints: map[ledger.BlockNo]ledger.Hash{named.BlockNo: named.Hash}})
		for i, h := range []*ledger.Header{regular, boundary} {
			_, _, err := v.Verify(states[last+i], h)
			if errors.Is(err, praos.ErrCheckpoint) != (h != named) || (err == nil) != (h == named) {
				t.Errorf("checkpoint %v, header %v: %v", named.Point(), h.Point(), err)
			}
		}
	}
}
