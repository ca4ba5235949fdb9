package handshake_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

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
		head := golden.Bytes(t, "8200a2"+"01"+"591667")
		rest := golden.Bytes(t, "0f"+v1)
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
