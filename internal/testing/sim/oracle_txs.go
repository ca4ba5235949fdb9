package sim

import "github.com/ouronet/ouronet/txsubmission"

// offers is the window of a stream as its messages tell it.
type offers struct {
	ids  []offered // not acknowledged, oldest first
	more int       // ids asked for and not yet announced
	owed []txsubmission.Message
}

type offered struct {
	tx    int32
	stage stage
}

type stage uint8

const (
	wanted stage = iota
	asked
	settled // it came, or will not
)

// request takes a request for sent, and returns what is wrong with it.
func (o *offers) request(m txsubmission.Message) string {
	o.owed = append(o.owed, m)
	switch m := m.(type) {
	case txsubmission.RequestTxIDs:
		for range m.Ack {
			if len(o.ids) == 0 || o.ids[0].stage != settled {
				return "acknowledges what is not settled"
			}
			o.ids = o.ids[1:]
		}
		o.more += int(m.Req)
		if len(o.ids)+o.more > txsubmission.MaxUnacknowledged {
			return "asks for more ids than there is room for"
		}
	case txsubmission.RequestTxs:
		for _, id := range m.IDs {
			e := o.find(txNumber(id))
			if e == nil || e.stage != wanted {
				return "asks for a transaction that is not wanted, or again"
			}
			e.stage = asked
		}
	}
	return ""
}

// idle reports whether ids could be asked for while transactions are awaited.
func (o *offers) idle() bool {
	if len(o.owed) == 0 {
		return true
	}
	if _, ids := o.owed[len(o.owed)-1].(txsubmission.RequestTxIDs); ids {
		return false
	}
	free := txsubmission.MaxUnacknowledged - len(o.ids) - o.more
	for i := 0; i < len(o.ids) && o.ids[i].stage == settled; i++ {
		free++
	}
	return free > 0
}

// reply takes the oldest request for answered.
func (o *offers) reply() {
	m := o.owed[0]
	o.owed = o.owed[1:]
	switch m := m.(type) {
	case txsubmission.RequestTxIDs:
		o.more -= int(m.Req)
	case txsubmission.RequestTxs:
		for _, id := range m.IDs {
			o.find(txNumber(id)).stage = settled
		}
	}
}

func (o *offers) find(tx int32) *offered {
	for i := range o.ids {
		if o.ids[i].tx == tx {
			return &o.ids[i]
		}
	}
	return nil
}

// delivered takes note of a transaction that reached n's application.
func (o *watch) delivered(n *node, tx int32) {
	m := o.model(n)
	switch {
	case int(tx) >= o.w.submitted:
		o.w.fail("txs", "%v was delivered transaction %d, which nobody submitted", n, tx)
	case m.txs[tx]:
		o.w.fail("txs", "%v was delivered transaction %d twice", n, tx)
	default:
		m.txs[tx] = true
	}
}
