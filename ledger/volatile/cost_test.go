package volatile_test

import (
	"maps"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// What operations cost: a write for a block, an fsync for a Sync if anything was put,
// another one if a file was begun, a read for a Get.
func TestCosts(t *testing.T) {
	mem := disktest.New()
	o := options(10)
	o.Disk = mem
	db, err := volatile.Open("d", o)
	if err != nil {
		t.Fatal(err)
	}
	blocks := generated(25)
	ops := make(map[string]int)
	mem.Fail(func(op disktest.Op) error { ops[op.Kind]++; return nil })
	anything := map[string]int{"anything": 1}
	for _, step := range []struct {
		name string
		do   func() error
		want map[string]int
	}{
		{"Sync of nothing", db.Sync, nil},
		{"first Put", func() error { return db.Put(blocks[0]) }, map[string]int{"create": 1, "write": 1}},
		{"first Sync", db.Sync, map[string]int{"sync": 1, "openDir": 1, "syncDir": 1}},
		{"Put", func() error { return db.Put(blocks[1]) }, map[string]int{"write": 1}},
		{"Put again", func() error { return db.Put(blocks[1]) }, nil},
		{"Sync", db.Sync, map[string]int{"sync": 1}},
		{"Sync again", db.Sync, nil},
		{"Get", func() error { _, err := db.Get(blocks[0].Header.Point()); return err }, map[string]int{"read": 1}},
		{"Get of a block that is not there", func() error { db.Get(blocks[9].Header.Point()); return nil }, nil},
		{"Put of the rest", func() error { put(t, db, blocks[2:]...); return db.Sync() }, anything},
		{"Drop of a file", func() error { return db.Drop(points(blocks[:10])...) }, map[string]int{"remove": 1}},
		{"Drop of some", func() error { return db.Drop(points(blocks[10:15])...) }, nil},
	} {
		clear(ops)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if step.want["anything"] == 0 && !maps.Equal(ops, step.want) {
			t.Errorf("%s: %v, want %v", step.name, ops, step.want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
