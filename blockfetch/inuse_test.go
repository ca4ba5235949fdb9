package blockfetch_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// While one goroutine waits for a block, another gets an error from everything,
// and the first one its block. The loop body is part of the loop.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
		block := mixed()[0]
		p := block.Header.Point()
		try := func() {
			t.Helper()
			if got, err := collect(i.Range(t.Context(), p, p)); !errors.Is(err, protocol.ErrInUse) || len(got) > 0 {
				t.Errorf("Range: %v", err)
			}
			if got, err := collect(i.Fetch(t.Context(), wantsOf(mixed()[:2]))); !errors.Is(err, protocol.ErrInUse) || len(got) > 0 {
				t.Errorf("Fetch: %v", err)
			}
			if err := i.Done(t.Context()); !errors.Is(err, protocol.ErrInUse) || i.Ended() {
				t.Errorf("Done: %v, ended %t", err, i.Ended())
			}
		}
		for name, loop := range map[string]func() error{ // any order
			"Range": func() (err error) {
				for _, err = range i.Range(t.Context(), p, p) {
					try()
				}
				return err
			},
			"Fetch": func() (err error) {
				for _, err = range i.Fetch(t.Context(), wantsOf(mixed()[:1])) {
					try()
				}
				return err
			},
		} {
			ended := make(chan error, 1)
			go func() { ended <- loop() }()
			synctest.Wait()
			try()
			for _, m := range []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: block.Raw}, blockfetch.BatchDone{}} {
				if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-ended; err != nil {
				t.Errorf("%s ended with %v", name, err)
			}
		}
		if err := i.Done(t.Context()); err != nil || !i.Ended() {
			t.Errorf("Done: %v, ended %t", err, i.Ended())
		}
		ask := request(block, block).AppendCBOR(nil)
		want := blockfetch.ClientDone{}.AppendCBOR(append(ask, ask...))
		if sent, _ := peer.Peek(0); string(sent) != string(want) {
			t.Errorf("sent %x, want %x", sent, want)
		}
	})
}
