package follow_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/nodetest"
	"github.com/ouronet/ouronet/internal/testnode"
)

// logged returns the lines of a log that name an error.
func logged(t *testing.T, logs *observer.ObservedLogs) (lines []string) {
	t.Helper()
	encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "message"})
	for _, e := range logs.All() {
		if !slices.ContainsFunc(e.Context, func(f zapcore.Field) bool { return f.Type == zapcore.ErrorType }) {
			continue
		}
		b, err := encoder.EncodeEntry(e.Entry, e.Context)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(b.String()))
	}
	return lines
}

// repeated returns what a line says twice: the address of a peer, or a part of an
// error of more than two words.
func repeated(line, address string) string {
	if strings.Count(line, address) > 1 {
		return address
	}
	parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(`:;{}"`, r) })
	for i, p := range parts {
		if p = strings.TrimSpace(p); strings.Count(p, " ") > 1 && slices.Contains(parts[:i], p) {
			return p
		}
	}
	return ""
}

// Why a connection ended is logged once, in a line that says nothing twice,
// whoever opened it and whatever the peer did.
func TestErrorsAreLoggedOnce(t *testing.T) {
	check := func(t *testing.T, logs *observer.ObservedLogs, address string) {
		t.Helper()
		lines := logged(t, logs)
		if len(lines) != 1 {
			t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
		}
		for _, line := range lines {
			if twice := repeated(line, address); twice != "" {
				t.Errorf("%q is twice in\n%s", twice, line)
			}
		}
	}
	for _, b := range nodetest.BadClients {
		t.Run("client/"+b.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
				core, logs := observer.New(zap.DebugLevel)
				cfg := w.Config()
				cfg.Sources, cfg.Logger = c.Sources(), zap.New(core)
				s := testnode.Serve(t, w.Net.Listen("us"), cfg)
				p := w.DialRaw("us", b.Says)
				done := make(chan struct{})
				go func() {
					defer close(done)
					b.Send(p, c)
					p.Drain()
				}()
				<-s.Ended()
				<-done
				synctest.Wait()
				check(t, logs, "dialler-1")
			})
		})
	}
	for _, b := range nodetest.BadServers {
		for _, hook := range []bool{false, true} {
			t.Run("server/"+b.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
					w.ServeRaw("bad", func(p *nodetest.Raw) {
						p.Accept()
						b.Send(p, c)
					})
					core, logs := observer.New(zap.DebugLevel)
					cfg := w.FollowConfig("bad")
					cfg.Logger, cfg.Persist = zap.New(core), true
					told := 0
					if hook {
						cfg.Lost = func(string, error, time.Duration) { told++ }
					}
					f := w.Follow(cfg)
					f.Start()
					for f.Peers()[0].Err == nil {
						time.Sleep(time.Millisecond)
					}
					synctest.Wait()
					if hook {
						if lines := logged(t, logs); len(lines) > 0 || told != 1 {
							t.Errorf("told %d times, and logged %q", told, lines)
						}
						return
					}
					check(t, logs, "bad")
				})
			})
		}
	}
}

// What no peer can be followed for is with the peers, and not once more in one
// line.
func TestUnfollowableIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := nodetest.NewWorld(t)
		cfg := w.Config()
		cfg.Network.Magic++
		testnode.Serve(t, w.Net.Listen("one"), cfg)
		testnode.Serve(t, w.Net.Listen("two"), cfg)
		core, logs := observer.New(zap.DebugLevel)
		fcfg := w.FollowConfig("one", "two")
		fcfg.Logger, fcfg.Persist = zap.New(core), true
		f := w.Follow(fcfg)
		f.Start()
		time.Sleep(time.Second)
		synctest.Wait()
		if f.Stuck() == nil || logs.FilterMessage("no peer can be followed").Len() != 1 {
			t.Error("it is not logged that no peer can be followed")
		}
		if lines := logged(t, logs); len(lines) != 2 {
			t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
		}
	})
}

// Why the chain of a peer is not followed is told once: to the hook or, without
// one, to the log.
func TestStoppedIsToldOnce(t *testing.T) {
	for _, hook := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := nodetest.NewWorld(t)
			w.Serve("other", nodetest.NewChain().Grow(200))
			core, logs := observer.New(zap.DebugLevel)
			cfg := w.FollowConfig("other")
			cfg.Logger = zap.New(core)
			anchor := testnode.New(chaingen.Config{Seed: 2, BlockSize: 1200, Network: nodetest.Network()}).Grow(50).Tip()
			cfg.Anchor = &anchor
			var told []error
			if hook {
				cfg.Stopped = func(address string, err error, retry time.Duration) {
					if address != "other" || retry <= 0 {
						t.Errorf("%s, again in %v", address, retry)
					}
					told = append(told, err)
				}
			}
			f := w.Follow(cfg)
			f.Start()
			time.Sleep(time.Second)
			synctest.Wait()
			if lines := logged(t, logs); len(lines)+len(told) != 1 || hook != (len(told) == 1) {
				t.Errorf("told %v, logged %q", told, lines)
			}
		})
	}
}
