package follow_test

import (
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// Every function of an Observer is called, of one connection in order, and is in the
// table of docs/observing.md.
func TestObserver(t *testing.T) {
	page, err := os.ReadFile("../../docs/observing.md")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(60)
		other := chaintest.New(chaintest.Config{Seed: 2, BlockSize: 1200, Network: nodetest.Network()}).Grow(60)
		w.Serve("good", c)
		w.Serve("other", other)
		anchor := c.Blocks()[40].Header.Tip()
		cfg := w.FollowConfig("good", "other", "nobody")
		cfg.Anchor = &anchor
		cfg.Judge = &court{t: t}
		var mu sync.Mutex
		told := make(map[string]int)      // how often, by function
		of := make(map[*node.Conn]string) // by connection, the functions in order
		var status func() follow.Status
		typ := reflect.TypeFor[node.Observer]()
		for i := range typ.NumField() {
			name := typ.Field(i).Name
			f := reflect.MakeFunc(typ.Field(i).Type, func(args []reflect.Value) []reflect.Value {
				mu.Lock()
				defer mu.Unlock()
				told[name]++
				if len(status().Peers) != 3 { // it may ask, whoever tells it
					t.Errorf("%s: %+v", name, status())
				}
				switch first := args[0].Interface().(type) {
				case *node.Conn:
					if !strings.HasSuffix(of[first], name+" ") {
						of[first] += name + " "
					}
					if name == "Closed" && first.Err() == nil {
						t.Error("closed, and the connection has not ended")
					}
				case string:
					if name == "Lost" && first != "nobody" || name == "Stopped" && first != "other" {
						t.Errorf("%s: %s", name, first)
					}
				}
				return nil
			})
			reflect.ValueOf(&cfg.Observer).Elem().Field(i).Set(f)
			if !strings.Contains(string(page), "| `Observer."+name+"` |") {
				t.Errorf("docs/observing.md does not list %s", name)
			}
		}
		f := w.Follow(cfg)
		status = f.Status
		f.Start()
		time.Sleep(15 * time.Second)
		f.Stop()
		for i := range typ.NumField() {
			if name := typ.Field(i).Name; told[name] == 0 {
				t.Errorf("%s was not told anything: %v", name, told)
			}
		}
		if told["Connected"] != 2 || told["Closed"] != 2 || len(of) != 2 {
			t.Errorf("told %v", told)
		}
		for conn, order := range of {
			if order != "Connected RoundTrip Closed " {
				t.Errorf("%s: %s", conn.Peer(), order)
			}
		}
	})
}
