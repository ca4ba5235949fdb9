package relay_test

import (
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay logs once what it verifies of headers, and what it does not.
func TestChecksAreLogged(t *testing.T) {
	for _, signed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &stage{t: t, signed: signed}
			log, logs := logtest.New(slog.LevelInfo)
			cfg := relay.Config{Follow: s.config("nobody")}
			cfg.Follow.Logger = log
			_, stop := s.relay("relay", cfg)
			time.Sleep(time.Second)
			if err := stop(); err != nil {
				t.Error(err)
			}
			entries := slices.DeleteFunc(logs.All(), func(e logtest.Entry) bool { return e.Value("part") != "verification" })
			if len(entries) != 1 {
				t.Fatalf("logged %v", entries)
			}
			e := entries[0]
			if !signed {
				if e.String() != "WARN headers are not verified, but for links and bodies; part=verification" {
					t.Error(e)
				}
				return
			}
			if e.Level != slog.LevelInfo || e.Message != "headers are verified: without stake anybody can forge one that passes" ||
				!slices.Equal(e.Keys(), []string{"part", "after", "verified", "VRF proofs", "not"}) ||
				e.Value("after") != "origin" || e.Value("VRF proofs") != true ||
				!reflect.DeepEqual(e.Value("not"), []string{"stake", "ledger rules"}) ||
				!reflect.DeepEqual(e.Value("verified"), []string{"links", "certificates", "KES signatures"}) {
				t.Error(e)
			}
		})
	}
}
