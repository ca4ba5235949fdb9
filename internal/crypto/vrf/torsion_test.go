package vrf

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"
	"github.com/ouronet/ouronet/internal/crypto/curve"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// What libsodium says of proofs whose key or Gamma has a part of small order,
// made so that they hold for -c or for L - c.
var torsionVectors = []struct {
	part              string // the point that has it
	order             int    // of that part
	key, alpha, proof string
	output            string // none: refused
}{
	{
		"key", 1,
		"7e9ddba73f4433e89e347af3d2326a5dc07dc3ccebd0b80f2aa3fc48e3537ee8", "0e7a5b56e0767fcf139d7a810ce4fbd5d40ac91e341b5f0533b83c42f576828f",
		"0d810dbf8d2157fbb0e6cb66f3636a81ea74f3936ef3b35461faeb9b6f08f6ff60600b7b7d8a3f31171634a8e3585cc1f2a8a113c75950f0b4eed96ad86cbc930c29b878fe1c7a4e19dcedef5590360b",
		"0b805d74a6a6badb5776bf646d83cf60b1a51f37b56d8eba666b5b8ba6a6b68f73aa5c9b2434536fe46a23b111f93d7c7fff2f3fe5c85148ff0bfa46b213dad4",
	},
	{
		"key", 1,
		"2df13af8f01c4f19636de470c3f471b5166505fa903e6d482a6579210b6ee9d5", "46b55f970a2c9d6a7d988884f7f19fb197ef1bec09ac6fdc1d34585d67c7dfed",
		"92955f3b9f4b4981259b642135c7501ad77fe5f3fdb52c14b7f796d54d5d24196dca69793c4fa005ff77f676a8cf24c5b4f4848c0c2d5152130669eccfbd1da9944494033aee3c96682c0bf793362b06",
		"874dd33fc7d1316004a813ccfff6f5dc3ff04771c56e6c75854d1750009ef01ccbd8fcfc67cba4e50833f218c92b45d194d82b20a2fa43f08763cc190d57860a",
	},
	{
		"key", 2,
		"26f28fa266e691f1b88cf49b3fb3a5d9228c21c7554fb2ba85ac1fd800143e43", "f5388eb7b19e31a982a6f39a9cb8e0964c8fe3fadf37d1a3f536325b07db91b7",
		"650ba575182636e9ab7db735fb890354cb184da2c7a490a151719fc69c616dc6d314a5d88b4d470e8eb337c26d1b1dcba9b42dcdea0dd845617d2ea3ca4e4802afb1351c447d2cbb7e9e110b8ca1e801",
		"5e0a16baf38b1a54325ebbb72552243b0a7eee5f24c031d6018e54fece8e3927b6858583337dcb301596fffc6e7c1cc076db30c8822109559b98664adcc8dc6c",
	},
	{
		"key", 2,
		"d9e0230fc61f6eddc96d882c05b433631f7e10b47a75c5dcc4d7aa50eb9a4668", "435b594306d2c66536785a8a76b44929be5ebb122c178caa34990dfd31f1012e",
		"f682f7ec31e2d7398fedcfeae1e5d08bc8c8750a02446f9d0c5f96e24b964d34d36c43670697525f65aa019742f177940ad6ce52652a9d108255960930cefbe8f265ba42b5884f2c1cfbf9bdb5bc4e0e",
		"",
	},
	{
		"key", 4,
		"d9b7787331fbcdfe14104d2034e11a630c49c56968674a88901d574208f23ec8", "8741ba061bccf240799a6435e3cb93c363a8d16df5c32a4cc9d4b9e963f0a7fa",
		"61c9a15f00978423b49ab9705499dfb71fce651a46e281b6c5aaa04e83516ea7091fc85d4502ee169c3ae6bcc91ad240a10971556cb9b847d313a7794c036538c487c4d1e4c633b0fac6aa2523516908",
		"05585ff7c6c2169ea7c4fb0d6e78ec13fad0c0601ad80f2d588d4f5bb5e123409662eb67110dc3b784ba9fd71e1a212f486e7f5ad0bf9da2aa8311185829aa8f",
	},
	{
		"key", 4,
		"68063db75211bf698acac3896b56eacea8c6a63ff245b671ede9d9b9cb78236e", "3828bd513f4369a10d67a672a023c669c11b4141d473dd09a34c1100664fb510",
		"5e0eccf23cba30e58f3baa75461e8882f2650e3fb7bb679b4d5dfc258df922ee14b0ac8bfb6ab86c0f886a96fe9e8373938c130040186b43b348d7dc3d0a92d42d1c8d9b18864b9c483b5bfb85dfaa0d",
		"",
	},
	{
		"key", 8,
		"8524d86c29c5e396b217fee75a276b24763e7ffed8a5f58a019a216432631225", "909ab56bc4d0c05a832e400fd7cc2e814461f1ac10919d73eeec7178c4aea0eb",
		"23d60b1f6d70b806e3bb3e315a3832198cded01d3e1371821368883234e7142556e9ea29fc7aabf779d61bf54b7e7580fe23734c36f296cd2d8498c60c99fd29878933771bbd50adabbbfde55ed3d202",
		"c53a1bd7efac7a6fac7161b8355cf5e05c1b1cf83b8eb369cfa527bf6b7db7e769424bba338bae6c857a57c633ff68a2ba37352c7496d34b7f06d6e59e8328c5",
	},
	{
		"key", 8,
		"5948f19cd1873b6ec55979799da27d7cd274a9fcbed0777d85d1c352fa7268dc", "a470c51ce15a33fef120f771c086e422a80b646bfd151becbad771c8383512a5",
		"92a690bb642dce14877279701faab910a2dda059dddb4bdca4abf81fc4dbb85167117bf33bf012f48d8447ddbad3663747484140825e9369ff71636616556c3515b408264af8826c7e9f11595f0ea30e",
		"",
	},
	{
		"gamma", 1,
		"b671a6df15380eb387f37ea5b77500d5e5b557f94f0895f899c43ea75ab6f15a", "469e8a189f6cb68d278316ac1b5dacf68944164dbcfc9365bd429d0488a43b9b",
		"e4c5da3f7995fd047164fe02f7b2bdb78c2ea76059f51382b41121342271cdc0a3a5fa89d85291afea24602a050969d6ecedc4f06a02beeab6e930e734f9f0ab47cdc349f4ddbef7c8f6ea4dda013a08",
		"6eba6cf88cf1b4ae16646ad6295f629efdf9abafeb5a972619eb0325dd542f0247fb43511d13fa76c18eac18a8fbd72cb4a875adc81125b54c5df0d897847f05",
	},
	{
		"gamma", 1,
		"0289fa1f044471e387f9c916ffebaf4da41ebb1360666cea27e7c23c84d32440", "eba62600393da69cb8d845459e19da3c838005624bf107f000be10a12c88c519",
		"86911861f8746ce70c72c35157ae7cfe51291409346e9a9d4b999740c386000dfeda65bfeee01c660ecc08ce1a132c25e733fcaeca339f3d1a919c8deda9468524cf9b83957b2fae06952e6799937307",
		"85c225881d0beaa7b8b152700e58a5dab0212b3effa6f26d36405e086b378fbd3c07ce8c80898865e3c225e8ed761561f2098db0b712692be1826422cdcad0e5",
	},
	{
		"gamma", 2,
		"16281ae9265f7b1ce8b91500420aebdced655fbb6229739d078aab180d3b76ec", "2d2ec5dd7f29b32696c4581c61001f1594fd278b78cad5cbf95b4be23c136919",
		"57bf36c43adf2bda8bc753c5012f69cb85558dac935d0cb2d8f0261677390845e6aa70184bd906c6449b0107003131beae9a070c3b801429e52dca1efe525e780fdca377654e258463e39691907a2702",
		"a91a3ccfbbabde4a6bc7b45603c3c6012a70dd2d3111b82625f0e0fa5002b9841c0c78a61eb8c9468e6544956fc432569da1d0dbadb207929aa942861dcbe723",
	},
	{
		"gamma", 2,
		"df00cbab4dae31a30ebbfe14e912681b830a01a573060a1ededb2e46bad1bd89", "93b2a6a418b480c23f8d103032ed4291f72b42f9fc090c13ada4134dfb5b4144",
		"4e4f379807ed5eeb75a5ab6965ec363750b36b7050f5e4b7916883030cdf08defb4d5c5a1bcbf74b76fed0c9f4609eb365c82e22e6b22a21a856841cdb353880f6d5972e116178606fe7e09798e49e04",
		"",
	},
	{
		"gamma", 4,
		"ba91c1341c87874c4614043dcc13c16712a9e9ee1588bed805f060f6c870d94e", "d8144ad6163bdc97379babb06cebec60e55032f764731abba82711fcf035c615",
		"6d21ff722b1281fd1dc3de6de25cc318b3f0e85d391c585763453757a0646a080cb706142c64496bf61a10843ef378450094ed40919d093badfaef28feb8cabbe15df98b63590e25131ed47736885200",
		"2cb7c085a099dc0df7cf25f051113d854765ddfd927737df2ba56086d0c5177893b496c5ed0bfb0e1df05d130987a1a4eb122ca2a03fe6030af201eac0c87119",
	},
	{
		"gamma", 4,
		"777204a6c47a0a1515c12ec90bb8ef58b3a8038ffd84fc5f33cbeda3f7e994d6", "2087165c443ea48d732319304b0017512aba951c1dbd78492246dfc328df42cb",
		"ce12cd55626c31c720a583356db2b93ba9905f0870d0a5be258e57ef9a16867efbd78a5be2346677fc66967ede5e857c8accbded571ba8648c4d7cad6ad3d8def007d76163b403c90432848aa7de8d06",
		"",
	},
	{
		"gamma", 8,
		"dba3c153243c43f22ae0b67d96d12f3c8dacc253df82d3f7b32ea5fe2407196b", "ed2659e25c2b042d2a80c063aa7d0d66931b575ab3b9ac51a23bf28e5ac39b6f",
		"51db4b8ce911a909eebe737d43de674ad530dc374233466e1c25215334493149536c0d460153bb5e43e28d7b56ab985802f1c8c41002c5fbf08774a2eb4bdd795577179ce56baa4002d4a24d99f25e0d",
		"ebd436b53abaad012254ebbee6403118f40336225e56a0f6318e188398ba21bab2acc20717c42f7b1c84b341697300c68d9ff53388324d951f26f1d88052cb5f",
	},
	{
		"gamma", 8,
		"dcce530e850130a0ddd2dddfb0476ea55af7080c17660853397fd4a5a834e308", "ad6790c166ac7489ef7837004565a8ab12b69526704b249172c90f6d568caca3",
		"eca67dea59a4b778114dda489a91a2d69b7b83533f58275177e15289dc00e1f28cb2762e40a25d1c755784118ef534633953893fb93acc2f3fa9ccd90d20d31fea60b60a680ff543bd4d59f22c27c50c",
		"",
	},
	{
		"both", 1,
		"fe9ba50beaf5b418173e831859f76f5a1e868198288b1040eef0e4fc140847fc", "942b29bf7f7eb6898c6dcf1b327dc1f0d7064c8aa9ce138917ccddd787d9191b",
		"b8b37fa299e004292ef053bb196069440f4f97f5d2915290232ce2dfd1fb314d400d333592e0af0a19dc7db6a386846babcd429cf2c57e39db77ac53ce0cc6390eee04ad19e5bd33e547c2dbfae21d00",
		"a15b425cbddf20592c5e3ee818463f18763a5efb2484b16e1642962283664ccbd77b47f2867191edd718b08f41af38189c7762e1d95a3ac3179de0429b9742b7",
	},
	{
		"both", 1,
		"6f41c07ab47fa03a03c8b18c0b0092c8d153460a03d73b8e169ecef9234ae0ff", "74fd365f99e4efb8da1c7ab423690ec1e790529a96162f93ba653b2d69f109a2",
		"df40429ce26c614b373ea8bb6514e201c6e22f2059a82a0ad062903278efa112e4afd6fc206aef2917146d2b18d21db1e3a597ea742c578098c30ce1fced99764d3ed45b40eeffe367e2d620a52cd30e",
		"decc1904900f73ec195786bd5ac265ea0f45eef7476abc210c03f1263aadbf1fa0c19ff97379c86a1fc6d0307b92f4046c2986c9a490fc9e5fcd039c2a07f6f4",
	},
	{
		"both", 2,
		"e07bbb39900cbfbaefd8431d17a6aedb8e720f8150a420748c6bb4fe54001cd6", "7f9b922a8665add734960cc9a71b0245d32afd6978c25639f9fcbddf0d349d7b",
		"f76879f4d46b37c1720ea8a90eed70827742f8894852e864248d233bd735ac800964de6f6be35cc01a7ae225709e3468d4eebaeea998380f2a26d420beb99199c5bd7ebb42e6a57bc1113acee46b3905",
		"3f10c27ac8ffe72ed7197f79e065e9135e525ef2d7cea4e0ad0895be2474520cbdca632a0501da0bd649f1504a727d1cdad33f96538a4ba5ff9f860475a3db5a",
	},
	{
		"both", 2,
		"acb03aa6eed0fe0f3197d6caf8a286c54fcce70b7eaff83fe59fcf84f979b281", "aac46891c2082908fbe738dd5b3c9f5ca7e34e2b3983f7bdb07ffc17b9949ecc",
		"24310eda1d4b5e9102bb18ed717b1a7c7e56532eae52c559743cef0f0e30f105461edd821ffc4e9825d86e780ef018cafb6a3b6a2e299f12caf0806ff97915a691edf933dd07ccba6ed2480ab51bb605",
		"",
	},
	{
		"both", 4,
		"88820c0fcca32d59d3567c5dcf1de45031df3a67f4d84e53a64b3d74b56da75f", "abb0f6adedafa1f01a10d14f1e5b24cbb320833c4d2deba566c79b7d5623667f",
		"1aa3e5e1a07f63dead10fe472acc249a927dc9903f16ed094ad7ad06f7d3b75fc145713b64a27f1213bda035380bf1f40e28ad542144b7a229584f05128fbe6b7f3546594635339c13425624ffc93709",
		"0430f5f11ce3c7d1bb8a20f182a9c2d483d6901e731863ed7b01506752e5250db40ad00df3db35fd88c59dbf807404255b63a743c3248d41392bfcf781b64aed",
	},
	{
		"both", 4,
		"c505dbee398420fd8b8a9a00f3e701a83760267455034467bc286d268bb4dd91", "e1dec1088cf1bcf1719dccf8c4196a65f9cf1f8a99185a0bdc3bec48b6abb26e",
		"2a5e4a46adbf8b60ddf7ca132dcc6f79e421a050c4bda0ea05011efda4c4f39d74d1fda478a729ff81e3c843af30b2f272cabf5cd9f2105cc9a6aa003f252be525f3cb83b3799aad0ac74bdc80e7420e",
		"",
	},
	{
		"both", 8,
		"3ef762ce0e30f349e07a0b627e23867c47f87d5bd496205b1368954616b95713", "f5ea2127047a236bfb31165535cda1b0be9bf53eb2a05799c035213816fe2504",
		"63faa71d501b7637a4cb647fbe53a4245e43c2cc084eef0f86716a2eb4c70921e8676e2f30866f1659f16768e323fb0f6c41619d1139b817701f3648c0ba9dc5f36db2b7fe710f35625a0fe365eb5e0a",
		"761817d5433da647120dbd998fad3540fbd5b713d0c7890bff4a43ed354986567a4ddef8d5240605ff1ef23e1ff1091e41c54ca1f88988a26f324a064cdf0eed",
	},
	{
		"both", 8,
		"7800da4f8450e7aa102209cdc326d05d99d4424807701bb357b0c7cc22752db6", "498b9b2f3481715bc2a100f0ce76040b5eefc0ffbbe8357a7e9410620421ca7f",
		"6c0a2f1e4e0496d77b2240ea4481a1835df58b83ce013f50acc0a3d36294ee1bd6ffed2f453407063b2b0ae48939b80029151ffb6685660279f62ebe2f564d5648a00c9d5c5dde0c0250764b7e226705",
		"",
	},
}

func TestTorsionVectors(t *testing.T) {
	for i, v := range torsionVectors {
		key, alpha, proof := golden.Bytes(t, v.key), golden.Bytes(t, v.alpha), golden.Bytes(t, v.proof)
		out, ok := verify(key, alpha, proof)
		if ok != (v.output != "") || ok && !bytes.Equal(out[:], golden.Bytes(t, v.output)) {
			t.Errorf("%d, %s with a part of order %d: %v with output %x, want %q", i, v.part, v.order, ok, out, v.output)
		}
	}
}

// Every part of small order in the key and in Gamma, in proofs that hold for
// L - c, for -c, and for neither.
func TestTorsion(t *testing.T) {
	r := rand.NewChaCha8([32]byte{3})
	small := smallOrder(t)
	factors := map[string]func(c *big.Int) *big.Int{
		"L - c": minus,
		"-c":    func(c *big.Int) *big.Int { return c.Neg(c) },
		"c":     func(c *big.Int) *big.Int { return c },
	}
	for _, d := range drafts {
		for i, inKey := range small {
			for j, inGamma := range small {
				for name, factor := range factors {
					alpha := littleEndian(secret(r))
					key, proof := d.prove(t, r, secret(r), inKey, inGamma, alpha, factor)
					out, ok := verify(key, alpha, proof)
					want, wantOK := d.verify(t, key, alpha, proof)
					if ok != wantOK || out != want {
						t.Errorf("draft %s, part %d in the key, %d in Gamma, made for %s: %v with output %x, want %v, %x", d.name, i, j, name, ok, out, wantOK, want)
					}
					if ok != (name == "L - c" || i == 0 && j == 0) {
						t.Errorf("draft %s, part %d in the key, %d in Gamma, made for %s: %v", d.name, i, j, name, ok)
					}
				}
			}
		}
	}
}

// Challenges that hash values hardly come to.
func TestCommitments(t *testing.T) {
	r := rand.NewChaCha8([32]byte{4})
	small := smallOrder(t)
	first := make([]byte, 32)
	copy(first, littleEndian(order)[:challengeSize])
	below, above := number(first), number(first) // what the order is above 2^252
	below.Sub(below, big.NewInt(1))
	above.Add(above, big.NewInt(1))
	last := new(big.Int).Lsh(big.NewInt(1), 128)
	last.Sub(last, big.NewInt(1))
	for i, c := range []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(8), below, number(first), above, last} {
		for _, inKey := range small {
			for _, inGamma := range small {
				h := EncodeToCurve03(nil, littleEndian(secret(r)))
				key := plus(times(secret(r), edwards25519.NewGeneratorPoint()), inKey)
				gamma := plus(times(secret(r), theirs(t, &h)), inGamma)
				s := secret(r)
				ours, _ := curve.Decode(gamma.Bytes())
				scalar, challenge := curve.NewScalar(littleEndian(s)), curve.NewScalar(littleEndian(c))
				u, v := NewKey(key.Bytes()).commitments(&scalar, &challenge, &h, &ours)
				if want := plus(times(s, edwards25519.NewGeneratorPoint()), times(minus(c), key)); theirs(t, &u).Equal(want) != 1 {
					t.Errorf("%d: U is %x, want %x", i, encoded(&u), want.Bytes())
				}
				if want := plus(times(s, theirs(t, &h)), times(minus(c), gamma)); theirs(t, &v).Equal(want) != 1 {
					t.Errorf("%d: V is %x, want %x", i, encoded(&v), want.Bytes())
				}
			}
		}
	}
}
