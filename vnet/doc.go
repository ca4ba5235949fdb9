// Package vnet is a network in memory for tests: connections, listeners and dialling
// that behave like TCP over links with latency, jitter, bandwidth and a window, and
// connections that break, stall, are refused or are cut off, all repeatable from a
// seed. It knows nothing of Cardano.
//
// Start with [New], name hosts with [Network.Host], and give [Host.Dial] and
// [Host.Listen] to what you test: a node.Config.Dial and node.Serve, or an
// http.Transport and http.Server. A [Link] describes how bytes travel, a [Fault] is a
// failure. Inside a bubble of testing/synctest, time is virtual: hours pass in
// milliseconds, and latencies and rates are exact to the nanosecond.
//
// With [Link].Unbuffered a Write waits until it is read, as over net.Pipe: programs whose
// two sides wait for each other deadlock at once, and a test in a bubble says so.
//
// There are two modes. A free-running network only adds delays, and needs hardly any
// goroutine. In lockstep, with [Config].Wait, [Network.Run] lets one event happen at a
// time, so that runs with the same seed are equal, byte by byte, even with ordinary
// goroutines; [Config].Observe gets the events.
//
// Duties of the caller:
//
//  1. Inside a bubble, make the network there.
//  2. Make the hosts in the same order each time, if their addresses matter.
//  3. In lockstep, keep Run running, and let the hosts depend only on the bytes they
//     receive and the time. No network makes a host reproducible that draws random
//     numbers (a node of this module does not with node.Config.Seed); where its
//     goroutines race for one connection, [Config].Arrange can help, for which package
//     mux has a function.
//
// Left out on purpose: lost and repeated packets, which TCP hides; connections sharing
// a link's bandwidth; datagrams; name service beyond the names of hosts.
//
// docs/guide/testing.md tests an application with it.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package vnet
