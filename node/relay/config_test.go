package relay

import (
	"context"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/txsubmission"
)

// What a relay would not use is an error, which says why.
func TestUnusedConfig(t *testing.T) {
	for field, set := range map[string]func(*Config){
		"Follow.Sources": func(c *Config) { c.Follow.Sources = new(node.Sources) },
		"Follow.TxSubmission": func(c *Config) {
			c.Follow.TxSubmission = func(context.Context, *node.Conn) txsubmission.Source { return nil }
		},
		"Follow.Anchor":    func(c *Config) { c.Follow.Anchor = new(ledger.Tip) },
		"Follow.Adopted":   func(c *Config) { c.Follow.Adopted = []ledger.Header{{}} },
		"Follow.Bodies":    func(c *Config) { c.Follow.Bodies = bodies{} },
		"Follow.Persist":   func(c *Config) { c.Follow.Persist = true },
		"Follow.Verifier":  func(c *Config) { c.Follow.Verifier = new(verifier) },
		"Follow.Peers":     func(c *Config) { c.ServeOnly, c.Follow.Peers = true, []string{"a:1"} },
		"Follow.Judge":     func(c *Config) { c.ServeOnly, c.Follow.Judge = true, judge{} },
		"Follow.Decisions": func(c *Config) { c.ServeOnly, c.Follow.Decisions = true, decisions{} },
		"Keep":             func(c *Config) { c.DataDir, c.Keep = t.TempDir(), 1 },
	} {
		cfg := Config{Follow: follow.Config{Config: node.Config{Network: ledger.Preview}}}
		if err := cfg.check(); err != nil {
			t.Fatal(err)
		}
		set(&cfg)
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "relay: leave Config."+field+" unset: ") {
			t.Errorf("with %s: %v", field, err)
		}
	}
	cfg := Config{Follow: follow.Config{Config: node.Config{Network: ledger.Preview}, Verifier: new(verifier)}, NoVerify: true}
	if err := cfg.check(); err != nil {
		t.Errorf("a verifier instead of the relay's: %v", err)
	}
}

type judge struct{}

func (judge) Judge(context.Context, follow.Question) error { return nil }

type decisions struct{}

func (decisions) Step(_, _ []byte) error { return nil }
