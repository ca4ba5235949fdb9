package follow_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
)

// logged returns the lines of a log that name an error.
func logged(logs *logtest.Log) (lines []string) {
	for _, e := range logs.All() {
		if _, ok := e.Value("error").(error); ok {
			lines = append(lines, e.String())
		}
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
	check := func(t *testing.T, logs *logtest.Log, address string) {
		t.Helper()
		lines := logged(logs)
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
				log, logs := logtest.New(slog.LevelDebug)
				cfg := w.Config()
				cfg.Sources, cfg.Logger = c.Sources(), log
				s := nodetest.Serve(t, w.Net.Listen("us"), cfg)
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
					log, logs := logtest.New(slog.LevelDebug)
					cfg := w.FollowConfig("bad")
					cfg.Logger, cfg.Persist = log, true
					told := 0
					if hook {
						cfg.Observer.Lost = func(string, error, time.Duration) { told++ }
					}
					f := w.Follow(cfg)
					f.Start()
					for f.Peers()[0].Err == nil {
						time.Sleep(time.Millisecond)
					}
					synctest.Wait()
					if hook {
						if lines := logged(logs); len(lines) > 0 || told != 1 {
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
		nodetest.Serve(t, w.Net.Listen("one"), cfg)
		nodetest.Serve(t, w.Net.Listen("two"), cfg)
		log, logs := logtest.New(slog.LevelDebug)
		fcfg := w.FollowConfig("one", "two")
		fcfg.Logger, fcfg.Persist = log, true
		f := w.Follow(fcfg)
		f.Start()
		time.Sleep(time.Second)
		synctest.Wait()
		lost := logs.Of("lost peer")
		if len(lost) != 2 || lost[0].Level != slog.LevelWarn || lost[0].Value("blame") != false ||
			!slices.Equal(lost[0].Keys(), []string{"part", "peer", "error", "blame", "retry"}) || lost[0].Value("part") != "follow" {
			t.Errorf("lost: %v", lost)
		}
		if f.Status().Stuck == nil || len(logs.Of("no peer can be followed")) != 1 {
			t.Error("it is not logged that no peer can be followed")
		}
		if lines := logged(logs); len(lines) != 2 {
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
			log, logs := logtest.New(slog.LevelDebug)
			cfg := w.FollowConfig("other")
			cfg.Logger = log
			anchor := chaintest.New(chaintest.Config{Seed: 2, BlockSize: 1200, Network: nodetest.Network()}).Grow(50).Tip()
			cfg.Anchor = &anchor
			var told []error
			if hook {
				cfg.Observer.Stopped = func(address string, err error, retry time.Duration) {
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
			for _, e := range logs.Of("stop following") {
				if e.Level != slog.LevelInfo || e.Value("part") != "follow" || e.Value("peer") != "other" ||
					!slices.Equal(e.Keys(), []string{"part", "peer", "error", "retry"}) {
					t.Error(e)
				}
			}
			if lines := logged(logs); len(lines)+len(told) != 1 || hook != (len(told) == 1) {
				t.Errorf("told %v, logged %q", told, lines)
			}
		})
	}
}
