package node_test

import (
	"errors"
	"log/slog"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/node"
)

// failsOnce is a listener whose first Accept fails for the moment. All its
// connections come from one IP address.
type failsOnce struct {
	net.Listener
	failed bool
}

func (l *failsOnce) Accept() (net.Conn, error) {
	if !l.failed {
		l.failed = true
		return nil, syscall.EMFILE
	}
	conn, err := l.Listener.Accept()
	return oneAddress{conn}, err
}

type oneAddress struct{ net.Conn }

func (oneAddress) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 3001}
}

// Every entry has its level, part and keys, whatever its handler.
func TestLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		log, logs := logtest.New(slog.LevelDebug)
		cfg := w.Config()
		cfg.Logger, cfg.Limits = log, node.Limits{PerAddress: 1}
		s := nodetest.Serve(t, &failsOnce{Listener: w.Net.Listen("us")}, cfg)
		wrong := w.Config()
		wrong.Network.Magic++
		if _, err := node.Dial(t.Context(), "us", wrong); err == nil {
			t.Error("took a peer of another network")
		}
		synctest.Wait()
		cfg.Limits = node.Limits{}
		conn, err := node.Dial(t.Context(), "us", cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := node.Dial(t.Context(), "us", w.Config()); err == nil {
			t.Error("took more than one from an address")
		}
		conn.Close()
		<-s.Ended()
		synctest.Wait()
		for _, want := range []struct {
			message string
			level   slog.Level
			part    string
			keys    []string
			times   int
		}{
			{"accept", slog.LevelWarn, "serve", []string{"error"}, 1},
			{"handshake", slog.LevelDebug, "connections", []string{"peer", "error"}, 1},
			{"connected", slog.LevelInfo, "connections", []string{"peer", "version", "duplex"}, 2},
			{"connection ended", slog.LevelDebug, "connections", []string{"peer", "error"}, 1},
			{"refused", slog.LevelDebug, "serve", []string{"peer", "error"}, 1},
		} {
			entries := logs.Of(want.message)
			if len(entries) != want.times {
				t.Errorf("%q is logged %d times, not %d: %v", want.message, len(entries), want.times, logs.All())
				continue
			}
			e := entries[0]
			if want.message == "connected" {
				// The side that accepted logs at debug level.
				levels := []slog.Level{e.Level, entries[1].Level}
				if slices.Sort(levels); !slices.Equal(levels, []slog.Level{slog.LevelDebug, slog.LevelInfo}) {
					t.Errorf("connected at %v", levels)
				}
				e.Level = want.level
			}
			if e.Level != want.level || e.Value("part") != want.part || !slices.Equal(e.Keys(), append([]string{"part"}, want.keys...)) {
				t.Errorf("%v: want %v of %s with %v", e, want.level, want.part, want.keys)
			}
			if err, ok := e.Value("error").(error); slices.Contains(want.keys, "error") && (!ok || errors.As(err, new(*node.PeerError)) && e.Value("peer") != nil) {
				t.Errorf("%v: its error is %v", e, err)
			}
		}
		if n := len(logs.All()); n != 6 {
			t.Errorf("%d entries: %v", n, logs.All())
		}
	})
}
