package trace_test

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/trace"
)

// What a chain core was given is given to a core of today, which must decide the
// same. In a node, follow.Config.Decisions does the recording.
func ExampleCore_Replay() {
	var file bytes.Buffer
	recorder := trace.NewRecorder(&file, trace.Config{})
	decisions := recorder.Core("chain")

	cfg := chain.Config{K: 432}
	core, err := chain.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	decisions.Step(chain.AppendConfig(nil, &cfg), chain.AppendEffects(nil, nil))
	for id := range chain.PeerID(3) {
		now, event := time.Duration(id)*time.Second, chain.PeerConnected{Peer: id}
		effects := core.Step(now, event)
		if id == 2 {
			effects = nil // as a core with a fault would have it
		}
		decisions.Step(chain.AppendEvent(nil, now, event), chain.AppendEffects(nil, effects))
	}
	if err := recorder.Close(); err != nil {
		fmt.Println(err)
	}

	all, err := trace.Load(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	var differs *trace.StepError
	if errors.As(all.Cores[0].Replay(nil), &differs) {
		input, _ := chain.ParseInput(differs.Input)
		fmt.Printf("step %d: %T at %v\n", differs.Step, input.Event, input.Now)
	}
	// Output: step 3: chain.PeerConnected at 2s
}
