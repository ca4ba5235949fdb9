package ledger

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// The shapes of all that Byron blocks are made of, as the decoders of the Haskell
// node take them, but for the records that [Network.ParseHeader] and
// [Block.CheckBody] take apart themselves. Much of a block is under no hash (the
// arrays that hold it together, the list of transactions, the shared seed
// computation, extra data), so whatever else is taken here could be in a block that
// no Haskell node reads. (IntersectMBO/cardano-ledger, eras/byron:
// ledger/impl/src/Cardano/Chain and crypto/src/Cardano/Crypto, the files named below)

// Crypto/{Hashing,Orphans}.hs, Crypto/Signing/{VerificationKey,Signature}.hs
var (
	hashShape        = bytesLen(uint64(len(Hash{})))
	addressHashShape = bytesLen(28)
	keyShape         = shortBytesLen(byronKeySize)
	signatureShape   = bytesLen(ed25519Size)
	redeemKeyShape   = bytesLen(32)
	attributesShape  = sortedMap(uint8Shape, bytesShape) // Common/Attributes.hs, decCBORAttributes
	certificateShape = record(uint64Shape, keyShape, keyShape, signatureShape)
	protocolShape    = record(uint16Shape, uint16Shape, uint8Shape) // Update/ProtocolVersion.hs
	softwareShape    = record(textShape, uint32Shape)               // Update/SoftwareVersion.hs
	lovelaceShape    = uintMax(maxLovelace)                         // Common/Lovelace.hs
	portionShape     = uintMax(1e15)                                // Common/LovelacePortion.hs
)

// Block/Header.hs, Block/Proof.hs, UTxO/TxProof.hs, Ssc.hs
var (
	byronProofShape = record(
		record(uint32Shape, hashShape, hashShape), // transactions, Merkle root, witnesses
		variant( // shared seed computation
			kind(0, bytesShape, bytesShape), kind(1, bytesShape, bytesShape),
			kind(2, bytesShape, bytesShape), kind(3, bytesShape),
		),
		hashShape, hashShape, // delegation, update
	)
	// byronVersionsShape ends a header: versions, no attributes, a hash of extra data.
	byronVersionsShape = record(protocolShape, softwareShape, emptyMapShape, bytesShape)
)

// Block/Boundary.hs
var (
	boundaryBodyShape  = list(bytesShape)
	boundaryExtraShape = record(mapOf(uint8Shape, bytesShape))
)

// Block/Block.hs
var byronExtraShape = record(emptyMapShape)

// UTxO/{Tx,TxWitness}.hs, Common/{CBOR,Address,AddrAttributes,AddrSpendingData}.hs
var (
	byronTxShape = record(
		nonEmptyList(variant(kind(0, encoded(record(hashShape, uint16Shape))))),
		nonEmptyList(record(addressShape, lovelaceShape)),
		attributesShape,
	)
	addressShape = checksummed(record(
		addressHashShape,
		sortedMap(uint8Shape, bytesShape,
			valueOf(1, content(shortBytesShape)),               // derivation path
			valueOf(2, content(shortUintMax(math.MaxUint32)))), // network magic
		addressKindShape,
	))
	byronWitnessesShape = array(variant(
		kind(0, encoded(record(keyShape, signatureShape))),
		kind(2, encoded(record(redeemKeyShape, signatureShape))),
	))
)

// Ssc.hs
var (
	bytesListShape   = list(bytesShape)
	commitmentsShape = set(record(
		bytesShape,
		record(mapOf(bytesShape, bytesListShape), record(bytesShape, bytesShape, bytesShape, bytesListShape)),
		bytesShape,
	))
	vssCertificatesShape = set(record(bytesShape, uint64Shape, bytesShape, bytesShape))
	sscShape             = variant(
		kind(0, commitmentsShape, vssCertificatesShape),
		kind(1, mapOf(bytesShape, bytesShape), vssCertificatesShape),                        // openings
		kind(2, mapOf(bytesShape, mapOf(bytesShape, bytesListShape)), vssCertificatesShape), // shares
		kind(3, vssCertificatesShape),
	)
)

// Delegation/{Payload,Certificate}.hs
var delegationShape = list(certificateShape)

// Update/{Payload,Proposal,ProtocolParametersUpdate,SoftforkRule,InstallerHash,Vote}.hs,
// Common/{TxFeePolicy,TxSizeLinear}.hs
var (
	feePolicyShape  = variant(kind(0, encoded(record(amountShape, integerShape))))
	parametersShape = record(
		option(uint16Shape), // script version
		option(naturalShape), option(naturalShape), option(naturalShape), option(naturalShape), option(naturalShape),
		option(portionShape), option(portionShape), option(portionShape), option(portionShape),
		option(uint64Shape), // slots until a proposal is adopted
		option(record(portionShape, portionShape, portionShape)),
		option(feePolicyShape),
		option(uint64Shape), // epoch in which stake is unlocked
	)
	proposalShape = record(
		protocolShape, parametersShape, softwareShape,
		sortedMap(textShape, record(bytesShape, hashShape, bytesShape, bytesShape)),
		emptyMapShape, keyShape, signatureShape,
	)
	voteShape   = record(keyShape, hashShape, boolShape, signatureShape)
	updateShape = record(option(proposalShape), list(voteShape))
)

// readByronTx reads a transaction of a kind that comes by itself and returns what
// its id is the hash of: a transaction without its witnesses, and all of a
// certificate, proposal or vote. (MempoolPayload.hs)
func readByronTx(r *cbor.Reader, kind uint8) (body []byte) {
	switch kind {
	case ByronTx:
		r.ArrayLen(txParts(Byron))
		body = part(r, &byronTxShape)
		byronWitnessesShape.read(r)
		return body
	case ByronDelegation:
		return part(r, &certificateShape)
	case ByronUpdateProposal:
		return part(r, &proposalShape)
	case ByronUpdateVote:
		return part(r, &voteShape)
	}
	r.Fail("Byron transaction of a known kind")
	return nil
}
