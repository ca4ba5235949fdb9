package blockfetch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// While blocks of an earlier loop are owed and do not come, nothing more is asked
// for.
func TestOwedBlocksComeFirst(t *testing.T) {
	blocks := mixed()[:5]
	from, to := blocks[1].Header.Point(), blocks[4].Header.Point()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func(*blockfetch.Initiator) error{ // any order
		"Blocks": func(i *blockfetch.Initiator) (err error) {
			_, err = collect(i.Range(ended, from, to))
			return err
		},
		"Fetch": func(i *blockfetch.Initiator) (err error) {
			_, err = collect(i.Fetch(ended, wantsOf(blocks[1:])))
			return err
		},
		"Done": func(i *blockfetch.Initiator) error { return i.Done(ended) },
	} {
		t.Run(name, func(t *testing.T) {
			ours, peer := pipe.New()
			i := blockfetch.NewInitiator(blockfetch.Spec(), ours, chaintest.Network())
			left := make(chan struct{})
			go func() {
				defer close(left)
				for range i.Range(t.Context(), blocks[0].Header.Point(), to) {
					break
				}
			}()
			<-peer.Ready()
			request, _ := peer.Peek(0)
			for _, m := range []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: blocks[0].Raw}} {
				if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
					t.Fatal(err)
				}
			}
			<-left
			if err := call(i); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if sent, _ := peer.Peek(len(request)); len(sent) != len(request) {
				t.Errorf("sent %x after %x", sent[len(request):], request)
			}
		})
	}
}

// What is wrong with blocks that are owed ends the session: nothing more is asked
// for.
func TestOwedBlocksAreChecked(t *testing.T) {
	blocks := mixed()[:5]
	from, to := blocks[0].Header.Point(), blocks[4].Header.Point()
	ours, peer := pipe.New()
	i := blockfetch.NewInitiator(blockfetch.Spec(), ours, chaintest.Network())
	left := make(chan struct{})
	go func() {
		defer close(left)
		for range i.Range(t.Context(), from, to) {
			break
		}
	}()
	<-peer.Ready()
	request, _ := peer.Peek(0)
	for _, m := range []blockfetch.Message{
		blockfetch.StartBatch{}, blockfetch.Block{Raw: blocks[0].Raw}, blockfetch.Block{Raw: tampered(blocks[1])}, blockfetch.BatchDone{},
	} {
		if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	<-left
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, err := range i.Range(ctx, from, to) {
		if !protocol.IsPeerFault(err) {
			t.Errorf("got %v", err)
		}
		break
	}
	if sent, _ := peer.Peek(len(request)); len(sent) != len(request) {
		t.Errorf("sent %x after %x", sent[len(request):], request)
	}
}
