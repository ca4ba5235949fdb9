package wake

import "testing"

func TestOne(t *testing.T) {
	o := NewOne()
	o.Wake()
	o.Wake() // does not block, and is the same wake-up
	<-o
	select {
	case <-o:
		t.Error("two wake-ups before a receive were received twice")
	default:
	}
}

func TestAll(t *testing.T) {
	var a All
	a.Wake() // nobody waits
	first, second := a.Next(), a.Next()
	select {
	case <-first:
		t.Error("a change woke somebody who asked for it later")
	default:
	}
	a.Wake()
	<-first
	<-second
	select {
	case <-a.Next():
		t.Error("a change woke somebody twice")
	default:
	}
}
