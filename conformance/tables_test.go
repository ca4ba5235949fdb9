package conformance_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/ouronet/ouronet/conformance"
)

// Every mini-protocol is what the independent table says, and there is no other.
func TestTables(t *testing.T) {
	want := tables(t)
	if len(want) != len(specs) {
		t.Errorf("%d tables for %d mini-protocols", len(want), len(specs))
	}
	for name, spec := range specs {
		if err := conformance.Check(spec()); err != nil {
			t.Error(err)
		}
		if err := conformance.Compare(spec(), want[name]); err != nil {
			t.Error(err)
		}
	}
}

// A table that TableOf wrote and JSON carried is the same table.
func TestTableOf(t *testing.T) {
	for _, spec := range specs {
		b, err := json.Marshal(conformance.TableOf(spec()))
		if err != nil {
			t.Fatal(err)
		}
		var table conformance.Table
		if err := json.Unmarshal(b, &table); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(table, conformance.TableOf(spec())) {
			t.Errorf("%s became %s", spec().Name, b)
		}
		if err := conformance.Compare(spec(), table); err != nil {
			t.Error(err)
		}
	}
}
