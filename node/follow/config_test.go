package follow

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Every field of Bounds reaches the decisions, and so do Prefer, Judge, Seed and the
// network.
func TestConfigReachesDecisions(t *testing.T) {
	cfg := Config{
		Config: node.Config{Network: ledger.Preview, Seed: 7}, Peers: []string{"a:1"},
		Prefer: func(_, _ *ledger.Header) bool { return false }, Judge: nothing{},
	}
	bounds := reflect.ValueOf(&cfg.Chain).Elem()
	for i := range bounds.NumField() {
		bounds.Field(i).Set(reflect.ValueOf(100 + i).Convert(bounds.Field(i).Type()))
	}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	core := reflect.ValueOf(cfg.core())
	for i := range core.NumField() {
		name := core.Type().Field(i).Name
		if slices.Contains([]string{"Anchor", "Adopted", "Points"}, name) { // where to start
			continue
		}
		if name != "MaxRefusals" && core.Field(i).IsZero() {
			t.Errorf("nothing sets %s of the decisions", name)
		}
		if bound := bounds.FieldByName(name); bound.IsValid() && !bound.Equal(core.Field(i)) {
			t.Errorf("%s is %v, want %v", name, core.Field(i), bound)
		}
	}
	for i := range bounds.NumField() {
		if name := bounds.Type().Field(i).Name; !core.FieldByName(name).IsValid() {
			t.Errorf("Bounds.%s is not of the decisions", name)
		}
	}
}

type nothing struct{}

func (nothing) Judge(context.Context, Question) error { return nil }
