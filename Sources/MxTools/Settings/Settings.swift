import MxCLI
import MxConfig
import MxIngest
import MxModel
import MxRules
import MxStore

/// What mx.yml says, and the defaults of what it does not say.
struct Settings: Sendable {
  /// Added to every ingested series that lacks them.
  var labels: [(name: String, value: String)] = []
  /// Where reports/site is served; nil: notices carry no links.
  var siteURL: String?
  /// Nil leaves what the store has.
  var conflict: ConflictPolicy?
  /// First match wins; none: everything is kept.
  var retention: [PlacedPolicy] = []
  var storage = StorageSettings()
  var limits = LimitSettings()
  var rollup = RollupSettings()
  var alert = AlertDefaults()
  /// Applied to everything ingested.
  var relabel = RelabelRules([])
  var uses = Uses()

  /// A policy, and where it stands for messages.
  struct PlacedPolicy: Sendable {
    var policy: RetentionPolicy
    var place: ConfigPlace
  }

  /// `storage:`.
  struct StorageSettings: Sendable {
    /// Nil: no bound.
    var maxBytes: ByteSize?
    var minFree = ByteSize.percent(5)
    /// Whether the settings say so: then data goes for it.
    var isMinFreeSet = false
    /// How long removed files are kept, ms.
    var grace: Int64 = 86_400_000
    /// What `rejected/` may hold.
    var rejectedBytes: Int64 = 256 << 20
  }

  /// `rollup:`, durations in ms.
  struct RollupSettings: Sendable {
    var tiers: [Int64] = [60_000, 300_000, 3_600_000]
    var lag: Int64 = 60_000
  }

  /// `alert:`, durations in ms.
  struct AlertDefaults: Sendable {
    var history: Int64 = 90 * 86_400_000
    var noData = NoDataPolicy.prometheus
    var delay: Int64 = 30_000
    var maxCatchup: Int64 = 86_400_000
  }

  /// `uses:`: what retention warns about and spares longest; patterns of files,
  /// from the directory of the settings.
  struct Uses: Sendable {
    var rules: [String] = []
    var dashboards: [String] = []
    /// Where relative patterns begin.
    var directory = "."
  }
}
