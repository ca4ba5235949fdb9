// Package genesis reads genesis and configuration files in the forms in which
// cardano-node reads and writes them.
//
// A node reads them with three libraries, which differ: Byron's genesis with
// canonical-json ([Value]), the later ones with aeson ([Parse]), and its own
// configuration with yaml, of which this package takes only the part that is JSON
// ([ParseConfig]); [Folder.Unread] finds a file in YAML proper.
// [Open] finds the files. Only what is asked for is looked at: a file that lacks
// something else is for the node to refuse.
package genesis
