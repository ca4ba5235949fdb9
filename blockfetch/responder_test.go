package blockfetch_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// replies runs a responder on messages and returns the labels of its answers.
func replies(t *testing.T, source blockfetch.Source, messages ...blockfetch.Message) ([]string, error) {
	us, peer := pipe.New()
	for _, m := range messages {
		if err := us.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	err := blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, source)
	peer.Close()
	s := protocol.NewSession[blockfetch.Message](blockfetch.Spec(), protocol.Initiator, us)
	var labels []string
	for _, m := range messages {
		if _, ok := m.(blockfetch.RequestRange); !ok {
			break
		}
		if e := s.Machine().Pipeline(m.Label()); e != nil {
			t.Fatal(e)
		}
	}
	for s.Machine().Outstanding() > 0 {
		m, err := s.Recv(t.Context())
		if err != nil {
			break
		}
		labels = append(labels, m.Label())
	}
	return labels, err
}

func request(from, to ledger.Block) blockfetch.Message {
	return blockfetch.RequestRange{From: from.Header.Point(), To: to.Header.Point()}
}

func TestRespond(t *testing.T) {
	b := mixed()
	other := b[12].Header.Point()
	other.Hash[0] ^= 1
	done := blockfetch.ClientDone{}
	for _, test := range []struct {
		name     string
		source   *chain
		messages []blockfetch.Message
		want     []string
		err      error
	}{
		{"one block", &chain{blocks: b}, []blockfetch.Message{request(b[3], b[3]), done},
			[]string{"MsgStartBatch", "MsgBlock", "MsgBatchDone"}, nil},
		{"three blocks", &chain{blocks: b}, []blockfetch.Message{request(b[3], b[5]), done},
			[]string{"MsgStartBatch", "MsgBlock", "MsgBlock", "MsgBlock", "MsgBatchDone"}, nil},
		{"end unknown", &chain{blocks: b[:10]}, []blockfetch.Message{request(b[3], b[12]), done},
			[]string{"MsgNoBlocks"}, nil},
		{"start unknown", &chain{blocks: b[10:]}, []blockfetch.Message{request(b[3], b[12]), done},
			[]string{"MsgNoBlocks"}, nil},
		{"same slot, other hash", &chain{blocks: b}, []blockfetch.Message{blockfetch.RequestRange{From: b[12].Header.Point(), To: other}, done},
			[]string{"MsgNoBlocks"}, nil},
		{"pipelined", &chain{blocks: b[:10]}, []blockfetch.Message{request(b[3], b[3]), request(b[3], b[12]), request(b[4], b[4]), done},
			[]string{"MsgStartBatch", "MsgBlock", "MsgBatchDone", "MsgNoBlocks", "MsgStartBatch", "MsgBlock", "MsgBatchDone"}, nil},
		{"done at once", &chain{blocks: b}, []blockfetch.Message{done}, nil, nil},
		{"from the origin", &chain{blocks: b}, []blockfetch.Message{blockfetch.RequestRange{To: b[0].Header.Point()}}, nil, blockfetch.ErrInvalidRange},
		{"to the origin", &chain{blocks: b}, []blockfetch.Message{blockfetch.RequestRange{From: b[0].Header.Point()}}, nil, blockfetch.ErrInvalidRange},
		{"backwards", &chain{blocks: b}, []blockfetch.Message{request(b[5], b[3])}, nil, blockfetch.ErrInvalidRange},
		{"source broken", &chain{blocks: b, err: errDisk}, []blockfetch.Message{request(b[3], b[5])}, nil, errDisk},
		{"source breaks in the middle", &chain{blocks: b, err: errDisk, after: 2}, []blockfetch.Message{request(b[3], b[5])},
			[]string{"MsgStartBatch", "MsgBlock", "MsgBlock"}, errDisk},
		{"an answer", &chain{blocks: b}, []blockfetch.Message{blockfetch.NoBlocks{}}, nil, protocol.ErrOutOfTurn},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := replies(t, test.source, test.messages...)
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("ended with %v, want %v", err, test.err)
			}
			if protocol.IsPeerFault(err) != (test.err != nil && test.err != errDisk) {
				t.Errorf("blames the peer wrongly, or not: %v", err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("answered %v, want %v", got, test.want)
			}
		})
	}
}

// counted counts the blocks that were taken from it.
type counted struct {
	raw   ledger.RawBlock
	taken int
}

func (c *counted) Range(context.Context, ledger.Point, ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	return func(yield func(ledger.RawBlock, error) bool) {
		for range 100_000 {
			c.taken++
			if !yield(c.raw, nil) {
				return
			}
		}
	}, nil
}

// A peer that asks for much and takes nothing has no more of our blocks in
// memory than the bearer's bound.
func TestSlowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		source := &counted{raw: make([]byte, 20_000)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- blockfetch.Respond(ctx, blockfetch.Spec(), peer, source) }()
		us.Send(ctx, request(mixed()[0], mixed()[9]).AppendCBOR(nil), nil)
		synctest.Wait()
		if most := pipe.Bound/20_000 + 2; source.taken > most || source.taken < most-2 {
			t.Errorf("took %d blocks", source.taken)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
