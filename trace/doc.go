// Package trace records connections and decisions, prints them, and replays
// them.
//
// Start with [NewRecorder]; give its [Recorder.Record] to mux.Config.Record of
// one connection or of a whole node, and [Recorder.Core] to the owner of a pure
// core: follow.Config.Decisions takes it for that of a follower. [Decode]
// prints a recording or a capture of packets, as does the command ouronet
// decode. [Load] reads one into memory: [Replay.Run] then plays a recorded peer
// to the code of today, [Core.Replay] gives recorded events to a core, and both
// stop at the first difference; [Core.Compare] goes on.
//
// Duties of the caller:
//
//  1. Close the Recorder, then the file.
//  2. Close connections before the Recorder if their ends are to be recorded.
//  3. A recording holds all bytes, transactions included.
//
// # Format
//
// A recording holds bytes of the wire and encodings of the caller, never Go types, so
// it stays readable when code changes. All numbers are big endian. It begins with
// "ouronet" and a line feed, the version (4 bytes, 1), and the time of the start in
// nanoseconds since 1970 (8 bytes). Records follow:
//
//	c5 7e      where a record begins
//	1 byte     kind, see the constants of Kind
//	1 byte     zero
//	4 bytes    length of what follows the checksum, at most 1,048,628
//	4 bytes    CRC-32C over kind, zero, length, and what follows
//	8 bytes    nanoseconds since the start, signed
//	4 bytes    number of the connection or core, 0 for the recording itself
//	8 bytes    number: offset of the bytes in their direction, or of the step
//	...        by kind:
//
//	Opened     local and remote address, each with 2 bytes of length before it
//	Received   the bytes as they were read, segments' heads included
//	Sent       the bytes as they were written
//	Ended      why, as text
//	CoreBegun  name
//	Stepped    SHA-256 of the effects (32 bytes), then the input
//	Truncated  nothing
//	Finished   nothing
//
// A later version may add kinds, and fields behind those of Opened, Truncated and
// Finished; a reader reads the parts that it knows, and reports that there was more.
// The version changes only if that is not enough. A record of another kind may hold any
// bytes.
//
// A file without a Finished record was not closed in order. A reader finds the
// next record after damage by c5 7e and the checksum.
//
// Left out on purpose: node-to-client protocols, compression, and captures with
// IP fragments or IPv6 extension headers.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package trace
