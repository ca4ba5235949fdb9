package testenv

import (
	"strings"
	"testing"
)

func TestCheckLeaks(t *testing.T) {
	CheckLeaks(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { defer close(stopped); <-stop }()
	left := ours()
	if len(left) != 1 {
		t.Errorf("found %d goroutines, want 1", len(left))
	}
	for _, stack := range left {
		if !strings.Contains(stack, "TestCheckLeaks") {
			t.Errorf("stack does not tell where the goroutine began:\n%s", stack)
		}
	}
	close(stop)
	<-stopped
}
