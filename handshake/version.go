package handshake

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Version is a node-to-node protocol version.
type Version uint16

// The versions that are known here. (handshake, 2)
const (
	V14 Version = 14 // required on mainnet since the Plomin hard fork
	V15 Version = 15 // as 14, for nodes that understand SRV records
	V16 Version = 16 // experimental: Peras
)

// rows is what differs between the versions.
var rows = [...]struct {
	version  Version
	fields   int  // of the version data
	proposed bool // unless asked for, experimental versions are not
}{
	{V14, 4, true},
	{V15, 4, true},
	{V16, 5, false},
}

// fields returns the number of fields in a version's data, 0 if it is unknown.
func (v Version) fields() int {
	for _, row := range rows {
		if row.version == v {
			return row.fields
		}
	}
	return 0
}

// Data describes a side under a version. (handshake, 3)
type Data struct {
	Magic         uint32 // of the network; both sides must have the same
	InitiatorOnly bool   // this side will not answer on the connection
	PeerSharing   bool   // this side is willing to share peers
	Query         bool   // only asks which versions there are
	Peras         bool   // version 16 only, experimental
}

// AppendCBOR appends the data as version v encodes it.
func (d Data) AppendCBOR(dst []byte, v Version) []byte {
	n := v.fields()
	dst = cbor.AppendArray(dst, n)
	dst = cbor.AppendUint(dst, uint64(d.Magic))
	dst = cbor.AppendBool(dst, d.InitiatorOnly)
	sharing := uint64(0)
	if d.PeerSharing {
		sharing = 1
	}
	dst = cbor.AppendUint(dst, sharing)
	dst = cbor.AppendBool(dst, d.Query)
	if n > 4 {
		dst = cbor.AppendBool(dst, d.Peras)
	}
	return dst
}

// DecodeData reads the data of version v, which must be all of b and of a
// version that is known here.
func DecodeData(b []byte, v Version) (Data, error) {
	r := cbor.NewReader(b)
	n := v.fields()
	if r.ArrayLen(n); n == 0 {
		r.Fail("data of a known version")
	}
	d := Data{Magic: uint32(r.UintMax(1<<32 - 1)), InitiatorOnly: r.Bool()}
	d.PeerSharing = r.UintMax(1) == 1 // an integer, not a bool
	d.Query = r.Bool()
	if n > 4 {
		d.Peras = r.Bool()
	}
	return d, r.Close()
}

// Entry is a version with its encoded data, which is decoded only if the version is
// chosen.
type Entry struct {
	Version Version
	Raw     []byte // one CBOR item, see [DecodeData]
}

// Table lists versions in ascending order, each once.
type Table []Entry

// Versions returns the table of a side that has data and takes the versions
// that are not experimental, or exactly those that are named.
func Versions(data Data, versions ...Version) Table {
	var t Table
	for _, row := range rows {
		if len(versions) == 0 && row.proposed || slices.Contains(versions, row.version) {
			t = append(t, Entry{row.version, data.AppendCBOR(nil, row.version)})
		}
	}
	return t
}

// find returns the data of v.
func (t Table) find(v Version) ([]byte, bool) {
	for _, e := range t {
		if e.Version == v {
			return e.Raw, true
		}
	}
	return nil, false
}

// String lists the versions, such as "14, 15".
func (t Table) String() string {
	var s string
	for i, e := range t {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprint(uint16(e.Version))
	}
	return s
}

func (t Table) appendCBOR(dst []byte) []byte {
	dst = cbor.AppendMap(dst, len(t))
	for _, e := range t {
		dst = append(cbor.AppendUint(dst, uint64(e.Version)), e.Raw...)
	}
	return dst
}

// readTable reads a version table. Versions that are unknown here are skipped,
// in whatever order; known ones must ascend. (handshake, 5)
func readTable(r *cbor.Reader) Table {
	var t Table
	for n := r.Map(); r.More(&n); {
		key := r.Uint()
		raw := r.Raw()
		if key > 0xffff || Version(key).fields() == 0 {
			continue
		}
		v := Version(key)
		if len(t) > 0 && v <= t[len(t)-1].Version {
			r.Fail("versions in ascending order")
			return nil
		}
		t = append(t, Entry{v, bytes.Clone(raw)})
	}
	return t
}
