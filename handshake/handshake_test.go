package handshake_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/pipe"
	"github.com/ouronet/ouronet/protocol"
)

const mainnet = 764824073

// both runs the two sides of a handshake, in pieces of chunk bytes.
func both(t *testing.T, chunk int, ours, theirs handshake.Table) (a, b handshake.Agreement, errA, errB error) {
	t.Helper()
	client, server := pipe.New()
	client.Chunk, server.Chunk = chunk, chunk
	done := make(chan struct{})
	go func() {
		defer close(done)
		b, errB = handshake.Answer(t.Context(), handshake.Spec(), server, theirs)
	}()
	a, errA = handshake.Propose(t.Context(), handshake.Spec(), client, ours)
	<-done
	return a, b, errA, errB
}

func TestAgree(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: mainnet, InitiatorOnly: true, PeerSharing: true})
	theirs := handshake.Versions(handshake.Data{Magic: mainnet, PeerSharing: true}, 14, 15, 16)
	want := handshake.Agreement{Version: 15, Data: handshake.Data{Magic: mainnet, InitiatorOnly: true, PeerSharing: true}}
	for _, chunk := range []int{0, 1, 2, 3, 7} {
		a, b, errA, errB := both(t, chunk, ours, theirs)
		if errA != nil || errB != nil || a != want || b != want {
			t.Errorf("pieces of %d: %+v, %v; %+v, %v", chunk, a, errA, b, errB)
		}
	}
}

// Both sides learn why there is no agreement, and who refused.
func TestRefuse(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: 1})
	for _, test := range []struct {
		name   string
		theirs handshake.Table
		want   handshake.Refusal
		text   string
	}{
		{"no version", handshake.Versions(handshake.Data{Magic: 1}, 16),
			handshake.Refusal{Versions: []uint64{16}}, "no version in common, it takes [16]"},
		{"other network", handshake.Versions(handshake.Data{Magic: 2}),
			handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: "network magic 2 here, 1 there"}, "network magic 2 here, 1 there"},
	} {
		_, _, errA, errB := both(t, 0, ours, test.theirs)
		var a, b *handshake.RefusedError
		if !errors.As(errA, &a) || a.ByUs || !reflect.DeepEqual(a.Refusal, test.want) || !strings.Contains(errA.Error(), test.text) {
			t.Errorf("%s: refused with %v", test.name, errA)
		}
		if !errors.As(errB, &b) || !b.ByUs || !reflect.DeepEqual(b.Refusal, test.want) {
			t.Errorf("%s: refused %v", test.name, errB)
		}
	}
}

// What the accepting side does with the proposals of (examples, 11 and 12).
func TestAnswer(t *testing.T) {
	const accept15, closed = "83010f" + v1, ""
	for _, test := range []struct {
		name, propose string
		reply         string            // how it starts
		version       handshake.Version // agreed on
		reason        handshake.Reason  // refused with
		err           error
	}{
		{"H1", "8200a20e" + v1 + "0f" + v1, accept15, 15, 0, nil},
		{"H2", "8200a30e" + v1 + "0f" + v1 + "10851a2d964a09f401f4f5", accept15, 15, 0, nil},
		{"H3", "8200a0", "82028200820e0f", 0, handshake.VersionMismatch, nil},
		{"A1", "8200a407800d61780e" + v1 + "0f" + v1, accept15, 15, 0, nil},
		{"A2", "8200a30d" + v1 + "07" + v1 + "0e" + v1, "83010e" + v1, 14, 0, nil},
		{"N1", "8200a20f" + v1 + "0e" + v1, closed, 0, 0, protocol.ErrMalformed},
		{"N2", "8200a20e" + v1 + "0e" + v1, closed, 0, 0, protocol.ErrMalformed},
		{"N3", "8200bf0e" + v1 + "ff", closed, 0, 0, protocol.ErrMalformed},
		{"N4", "8300a10e" + v1 + "00", closed, 0, 0, protocol.ErrMalformed},
		{"N5", "8200a10f841a2d964a09f4f5f4", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N6", "8200a10f" + v4, "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N7", "8200a10f841b0000000100000000f401f4", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N8", "8200a10f9f1a2d964a09f401f4ff", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"other network", "8200a10f" + v2, "820283020f", 0, handshake.Refused, nil},
		{"query", "8200a10f841a2d964a09f401f5", "8203a20e" + v1 + "0f" + v1, 0, 0, handshake.ErrQueried},
		{"query of another network", "8200a10f" + v3, "820283020f", 0, handshake.Refused, nil},
		{"answer", "83010f" + v1, closed, 0, 0, protocol.ErrOutOfTurn},
		{"unknown tag", "8104", closed, 0, 0, protocol.ErrMalformed},
		{"not CBOR", "ff", closed, 0, 0, protocol.ErrMalformed},
		{"too large", "820059" + "1680" + strings.Repeat("00", 5760), closed, 0, 0, protocol.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pipe.New()
			if err := client.Send(t.Context(), unhex(t, test.propose), nil); err != nil {
				t.Fatal(err)
			}
			ours := handshake.Versions(handshake.Data{Magic: mainnet, PeerSharing: true})
			agreed, err := handshake.Answer(t.Context(), handshake.Spec(), server, ours)
			var refused *handshake.RefusedError
			switch {
			case test.err != nil:
				if !errors.Is(err, test.err) {
					t.Errorf("ended with %v, want %v", err, test.err)
				}
			case test.version != 0:
				if err != nil || agreed.Version != test.version {
					t.Errorf("agreed on %v, %v", agreed, err)
				}
			case !errors.As(err, &refused) || !refused.ByUs || refused.Reason != test.reason:
				t.Errorf("ended with %v", err)
			}
			if blame := errors.Is(err, protocol.ErrMalformed) || errors.Is(err, protocol.ErrOutOfTurn) || errors.Is(err, protocol.ErrTooLarge); protocol.IsPeerFault(err) != blame {
				t.Errorf("blames the peer wrongly, or not: %v", err)
			}
			sent, _ := client.Peek(0)
			got := hex.EncodeToString(sent)
			if !strings.HasPrefix(got, test.reply) || test.reply == closed && got != "" || strings.HasPrefix(test.reply, "8301") && got != test.reply {
				t.Errorf("answered %s, want %s", got, test.reply)
			}
		})
	}
}

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
				if err := server.Send(t.Context(), unhex(t, test.reply), nil); err != nil {
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
			if sent, _ := server.Peek(0); !bytes.Equal(sent, unhex(t, "8200a20e"+v1+"0f"+v1)) {
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

func TestQuery(t *testing.T) {
	want := handshake.Versions(handshake.Data{Magic: 1, PeerSharing: true}, 14, 15, 16)
	ask := handshake.Versions(handshake.Data{Magic: 1, Query: true})

	client, server := pipe.New()
	answered := make(chan error, 1)
	go func() {
		_, err := handshake.Answer(t.Context(), handshake.Spec(), server, want)
		answered <- err
	}()
	got, err := handshake.Query(t.Context(), handshake.Spec(), client, ask)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := <-answered; err != handshake.ErrQueried {
		t.Errorf("answered with %v", err)
	}

	for _, test := range []struct {
		name, reply string
		table       string
		refused     bool
	}{
		{"refused", "82028200820e0f", "", true},
		{"accepted all the same", "83010f8401f400f5", "", false},
		{"simultaneous open", "8200a10e8401f400f4", "14", false},
	} {
		client, server := pipe.New()
		go func() {
			<-server.Ready()
			server.Send(t.Context(), unhex(t, test.reply), nil)
		}()
		got, err := handshake.Query(t.Context(), handshake.Spec(), client, ask)
		var refused *handshake.RefusedError
		if got.String() != test.table || errors.As(err, &refused) != test.refused || (err == nil) != (test.table != "") {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
}

// Each side waits ten seconds for the other, however many pieces come.
func TestDeadlines(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: 1})
	for name, run := range map[string]func(ctx context.Context, end *pipe.End) error{
		"StConfirm": func(ctx context.Context, end *pipe.End) error {
			_, err := handshake.Propose(ctx, handshake.Spec(), end, ours)
			return err
		},
		"StPropose": func(ctx context.Context, end *pipe.End) error {
			_, err := handshake.Answer(ctx, handshake.Spec(), end, ours)
			return err
		},
	} {
		for _, slowly := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				end, peer := pipe.New()
				stop := make(chan struct{})
				defer close(stop)
				if slowly {
					go func() { // a byte a second of a long string
						peer.Send(t.Context(), []byte{0x82, 0x00, 0x59, 0x10, 0x00}, nil)
						for {
							select {
							case <-time.After(time.Second):
								peer.Send(t.Context(), []byte{0}, nil)
							case <-stop:
								return
							}
						}
					}()
				}
				start := time.Now()
				err := run(t.Context(), end)
				var v *protocol.ViolationError
				if !errors.As(err, &v) || v.Err == nil || !errors.Is(err, protocol.ErrTimeout) || v.State != name || v.Protocol != "handshake" {
					t.Errorf("%s: ended with %v", name, err)
				}
				if took := time.Since(start); took != 10*time.Second {
					t.Errorf("%s: took %v", name, took)
				}
			})
		}
	}
}

// A proposal of exactly the limit passes, one byte more does not.
func TestLimit(t *testing.T) {
	for _, size := range []int{5760, 5761} {
		// Version 1 is unknown and its data may be anything.
		head := unhex(t, "8200a2"+"01"+"591667")
		rest := unhex(t, "0f"+v1)
		body := make([]byte, size-len(head)-len(rest))
		head[len(head)-2], head[len(head)-1] = byte(len(body)>>8), byte(len(body))
		client, server := pipe.New()
		client.Send(t.Context(), append(append(head, body...), rest...), nil)
		_, err := handshake.Answer(t.Context(), handshake.Spec(), server, handshake.Versions(handshake.Data{Magic: mainnet}))
		if size == 5760 && err != nil || size > 5760 && !errors.Is(err, protocol.ErrTooLarge) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// A connection that ends is nobody's fault.
func TestClosed(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: 1})
	client, server := pipe.New()
	client.Close()
	if _, err := handshake.Propose(t.Context(), handshake.Spec(), client, ours); !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
	if _, err := handshake.Answer(t.Context(), handshake.Spec(), server, ours); !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
}
