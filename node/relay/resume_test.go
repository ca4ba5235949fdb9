package relay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/praos"
)

// shortNetwork is like [chaintest.Network], with short epochs and a slot in two.
func shortNetwork() ledger.Network {
	n := chaintest.Network()
	n.SecurityParam, n.ActiveSlots = 10, ledger.Ratio{Num: 1, Den: 2}
	n.Start = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for e := ledger.Shelley; e.Known(); e++ {
		n.Eras[e].EpochLength = 200
	}
	return n
}

func shortGenerator() *chaintest.Generator {
	return chaintest.NewGenerator(chaintest.Config{Seed: 3, BlockSize: 1500, Network: shortNetwork(), Signed: true})
}

func newTestVerifier(t *testing.T) *verifier {
	t.Helper()
	v, err := newVerifier(shortNetwork())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func folderOf(t *testing.T, blocks []ledger.Block) (dir string, db *immutable.DB) {
	t.Helper()
	dir = t.TempDir()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: shortNetwork()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return dir, db
}

// statesAfter returns the states after each of blocks, which start the chain.
func statesAfter(t *testing.T, v *verifier, blocks []ledger.Block) (states []praos.State) {
	t.Helper()
	s := praos.Origin(v.network)
	for i := range blocks {
		var err error
		if _, s, err = v.v.Prepare(s, &blocks[i].Header); err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
	}
	return states
}

func sameState(t *testing.T, got, want praos.State) {
	t.Helper()
	a, err := got.MarshalBinary()
	b, err2 := want.MarshalBinary()
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("state after %v with %v known, want the one after %v with %v", got.Tip, got.Known, want.Tip, want.Known)
	}
}

func TestResume(t *testing.T) {
	v := newTestVerifier(t)
	blocks := shortGenerator().Blocks(300)
	states := statesAfter(t, v, blocks)
	dir, db := folderOf(t, blocks[:250])
	name := filepath.Join(dir, stateFile)
	marked := states[100] // so that it shows whether it was used
	marked.Known, marked.Nonces = praos.NoNonces, praos.Nonces{}
	for _, test := range []struct {
		name  string
		write func() error
		known praos.Knowledge
	}{
		{"no file", func() error { return nil }, praos.AllNonces},
		{"at the end", func() error { return saveState(name, states[249]) }, praos.AllNonces},
		{"behind", func() error { return saveState(name, marked) }, praos.NoNonces},
		{"ahead of the folder", func() error { return saveState(name, states[299]) }, praos.AllNonces},
		{"damaged", func() error { return os.WriteFile(name, []byte("no state"), 0o600) }, praos.AllNonces},
		{"empty", func() error { return os.WriteFile(name, nil, 0o600) }, praos.AllNonces},
		{"unreadable", func() error { return errors.Join(os.Remove(name), os.Mkdir(name, 0o700)) }, praos.AllNonces},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.write(); err != nil {
				t.Fatal(err)
			}
			got, _, err := resume(t.Context(), v, db, dir, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Known != test.known || got.Tip != states[249].Tip {
				t.Errorf("%v known after %v", got.Known, got.Tip)
			}
			if test.known == praos.AllNonces {
				sameState(t, got, states[249])
			}
		})
	}
}

// Without what came before the folder there are no nonces, and certificates and
// KES signatures are all that can be verified.
func TestResumeInTheMiddle(t *testing.T) {
	v := newTestVerifier(t)
	blocks := shortGenerator().Blocks(120)
	dir, db := folderOf(t, blocks[50:100])
	s, _, err := resume(t.Context(), v, db, dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Known != praos.NoNonces || s.Tip != blocks[99].Header.Tip() {
		t.Errorf("%v known after %v", s.Known, s.Tip)
	}
	v.start(s)
	if n, err := v.Verify(t.Context(), headersOf(blocks[100:])); n != 20 || err != nil {
		t.Errorf("%d headers, %v", n, err)
	}
	v.extend(&blocks[100].Header)
	if want := praos.Envelope | praos.Certificate | praos.KES; v.last() != want {
		t.Errorf("verified %v, want %v", v.last(), want)
	}
}

// How far it has come is told at times.
func TestResumeReports(t *testing.T) {
	v := newTestVerifier(t)
	v.reportEvery = 0
	blocks := shortGenerator().Blocks(250)
	dir, db := folderOf(t, blocks)
	var told []ledger.BlockNo
	_, _, err := resume(t.Context(), v, db, dir, func(at, tip ledger.Tip) {
		if told = append(told, at.BlockNo); tip != blocks[249].Header.Tip() {
			t.Errorf("told of the tip %v", tip)
		}
	}, nil)
	if err != nil || !slices.Equal(told, []ledger.BlockNo{99, 199}) {
		t.Errorf("told of %v, %v", told, err)
	}
}

func TestResumeNothing(t *testing.T) {
	v := newTestVerifier(t)
	dir, db := folderOf(t, nil)
	for _, db := range []*immutable.DB{nil, db} {
		s, _, err := resume(t.Context(), v, db, dir, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		sameState(t, s, praos.Origin(v.network))
	}
}

// A folder of another network is told from the first header on, and reading
// ends with its context.
func TestResumeFails(t *testing.T) {
	v := newTestVerifier(t)
	blocks := shortGenerator().Blocks(20)
	dir, db := folderOf(t, blocks)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := resume(ctx, v, db, dir, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	other := shortNetwork()
	other.Eras[ledger.Conway].Start = 1 << 40
	v, err := newVerifier(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := resume(t.Context(), v, db, dir, nil, nil); err == nil || !strings.Contains(err.Error(), "the network that was named") {
		t.Error(err)
	}
}

func headersOf(blocks []ledger.Block) (headers []ledger.Header) {
	for _, b := range blocks {
		headers = append(headers, b.Header)
	}
	return headers
}
