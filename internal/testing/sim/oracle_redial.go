package sim

import "time"

// The oracle knows the pauses from the documentation of package follow: from one
// second doubled up to a minute, a minute after a refusal, spread by a fifth,
// and from one second again after a connection that lasted for half a minute.

func (o *watch) paused(u *upstream, lasted time.Duration, permanent bool, pause time.Duration) {
	if lasted > 30*time.Second {
		u.lost = 0
	}
	want := time.Minute
	if !permanent && u.lost < 6 {
		want = time.Second << u.lost
	}
	u.lost++
	if pause < want-want/10 || pause > want+want/10 {
		o.w.fail("redial", "%v waits %v before it dials %v again, want %v", u.client, pause, u.server, want)
	}
}

func (o *watch) dialled(u *upstream) {
	if u.conn != nil || o.w.now < u.due {
		o.w.fail("redial", "%v dials %v, which was to be done at %v", u.client, u.server, u.due)
	}
}

// remembered looks for upstreams that nobody will dial any more.
func (o *watch) remembered() {
	for _, u := range o.w.ups {
		if u.conn == nil && u.due < o.w.now {
			o.w.fail("redial", "%v was to dial %v at %v", u.client, u.server, u.due)
		}
	}
}
