// Package handshake is the handshake mini-protocol (number 0), with which two nodes
// agree on a version, check that they are on the same network, and decide whether both
// sides may begin mini-protocols on the connection.
//
// Start with [Propose] on the connecting side and [Answer] on the accepting
// one; [Versions] makes the table of versions both take.
//
// It runs once, before anything else, and has ten seconds for each message.
// [Negotiate], a pure function, decides on the agreement.
//
// Rules follow the running code of ouroboros-network d80f488c8 (2026-07-24),
// which the text of the specification trails in some points.
//
// Stable from version 0.1.0 on: see docs/compatibility.md.
package handshake
