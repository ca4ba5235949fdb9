package handshake_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// What the connecting side does with each answer.
func TestPropose(t *testing.T) {
	for _, test := range []struct {
		name, reply string
		version     handshake.Version
		err         error // nil and no version: a refusal
	}{
		{"H4", "83010f" + v1, 15, nil},
		{"the lower version", "83010e" + v1, 14, nil},
		{"H1: simultaneous open", "8200a20e" + v1 + "0f" + v1, 15, nil},
		{"A1: simultaneous open", "8200a407800d61780e" + v1 + "0f" + v1, 15, nil},
		{"query at a simultaneous open", "8200a10f841a2d964a09f401f5", 15, nil},
		{"H3: simultaneous open", "8200a0", 0, nil},
		{"simultaneous open, other network", "8200a10f" + v2, 0, nil},
		{"simultaneous open, N5", "8200a10f841a2d964a09f4f5f4", 0, nil},
		{"simultaneous open, N1", "8200a20f" + v1 + "0e" + v1, 0, protocol.ErrMalformed},
		{"H7", "82028200820e0f", 0, nil},
		{"H8", "820283010f686261642064617461", 0, nil},
		{"H9", "820283020f6b77726f6e67206d61676963", 0, nil},
		{"H10", "8203a20e" + v1 + "0f" + v1, 0, handshake.ErrQueryReply},
		{"H6: not proposed", "830110" + v4, 0, handshake.ErrNotProposed},
		{"H5: other network", "83010e" + v2, 0, handshake.ErrSelection},
		{"N6: data of another version", "83010f" + v4, 0, handshake.ErrSelection},
		{"N9: unknown version", "83010d" + v1, 0, protocol.ErrMalformed},
		{"unknown tag", "8104", 0, protocol.ErrMalformed},
		{"too large", "830159" + "1680" + strings.Repeat("00", 5760), 0, protocol.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pipe.New()
			if err := server.Send(t.Context(), nil, nil); err != nil {
				t.Fatal(err)
			}
			go func() {
				<-server.Ready()
				if err := server.Send(t.Context(), golden.Bytes(t, test.reply), nil); err != nil {
					t.Error(err)
				}
			}()
			ours := handshake.Versions(handshake.Data{Magic: mainnet, PeerSharing: true})
			agreed, err := handshake.Propose(t.Context(), handshake.Spec(), client, ours)
			var refused *handshake.RefusedError
			switch {
			case test.err != nil:
				if !errors.Is(err, test.err) {
					t.Errorf("ended with %v, want %v", err, test.err)
				}
				if protocol.IsPeerFault(err) == errors.Is(err, handshake.ErrQueryReply) {
					t.Errorf("blames the peer wrongly, or not: %v", err)
				}
			case test.version != 0:
				if err != nil || agreed.Version != test.version {
					t.Errorf("agreed on %v, %v", agreed, err)
				}
			case !errors.As(err, &refused) || refused.ByUs != strings.HasPrefix(test.reply, "8200"):
				t.Errorf("ended with %v", err)
			}
			// Whatever the answer is, nothing more is sent.
			if sent, _ := server.Peek(0); !bytes.Equal(sent, golden.Bytes(t, "8200a20e"+v1+"0f"+v1)) {
				t.Errorf("sent %x", sent)
			}
		})
	}
}

// Two sides that both dialled agree without an answer, however late either is.
func TestSimultaneousOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe.New()
		type result struct {
			agreed handshake.Agreement
			err    error
		}
		open := func(end *pipe.End, after time.Duration, d handshake.Data, versions ...handshake.Version) <-chan result {
			c := make(chan result, 1)
			go func() {
				time.Sleep(after)
				agreed, err := handshake.Propose(t.Context(), handshake.Spec(), end, handshake.Versions(d, versions...))
				c <- result{agreed, err}
			}()
			return c
		}
		ra := open(a, 0, handshake.Data{Magic: 1, PeerSharing: true}, 14, 15)
		rb := open(b, 9*time.Second, handshake.Data{Magic: 1, InitiatorOnly: true, PeerSharing: true}, 14, 15, 16)
		want := result{handshake.Agreement{Version: 15, Data: handshake.Data{Magic: 1, InitiatorOnly: true, PeerSharing: true}}, nil}
		if got := <-ra; got != want {
			t.Errorf("the first found %+v", got)
		}
		if got := <-rb; got != want {
			t.Errorf("the second found %+v", got)
		}
		for _, end := range []*pipe.End{a, b} {
			if left, _ := end.Peek(0); len(left) > 0 {
				t.Errorf("sent %x as well", left)
			}
		}
	})
}
