import Glibc
import MxPromQL
import Testing

/// Runs `body` on a thread with little stack, and waits for it.
private func onSmallStack(kibibytes: Int, _ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setstacksize(&attributes, kibibytes * 1024)
  var thread = pthread_t()
  let argument = Unmanaged.passRetained(Box(body)).toOpaque()
  let started = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, argument)
  #expect(started == 0)
  if started == 0 { pthread_join(thread, nil) }
  pthread_attr_destroy(&attributes)
}

@Suite struct DepthTests {
  private static func nested(_ open: String, _ inner: String, _ close: String, _ count: Int)
    -> String
  {
    String(repeating: open, count: count) + inner + String(repeating: close, count: count)
  }

  /// All ways to go deep: what opens, what is inside, what closes.
  private static let ways = [
    ("(", "a", ")"), ("-", "a", ""), ("- +", "a", ""), ("abs(", "a", ")"),
    ("sum by (x) (", "a", ")"), ("a + (", "a", ")"), ("a ^ ", "a", ""), ("", "a", " + a"),
    ("", "a", " or a"), ("max_over_time(", "a", "[1h:])"), ("a == bool on(x) ", "a", ""),
    ("a[1h:(", "1", ")]"), ("topk(1, ", "a", ")"), ("-(", "1", ")"),
  ]

  /// Ten thousand levels are a mistake with a place, whatever they are made of.
  @Test func tooManyLevelsAreAnError() {
    let message = "expression is nested too deeply, at most 500 levels are allowed"
    for (open, inner, close) in Self.ways where open != "a[1h:(" {
      for count in [501, 10_000] {
        let found = failure(Self.nested(open, inner, close, count))
        #expect(found?.hasSuffix(message) == true, "\(open)\(close): \(found ?? "parsed")")
      }
    }
    for open in ["a[", "a offset ", "a[1h:"] {
      let text = open + Self.nested("(", "1", ")", 10_000) + (open.hasSuffix("[") ? "]" : "")
      #expect(failure(text)?.hasSuffix(message) == true)
      let sum = open + "(1" + String(repeating: " + step()", count: 10_000)
      #expect(failure(sum)?.hasSuffix(message) == true)
      let signs = open + "(" + String(repeating: "-", count: 10_000)
      #expect(failure(signs)?.hasSuffix(message) == true)
      let calls = open + "(" + String(repeating: "min_of(1, ", count: 10_000)
      #expect(failure(calls)?.hasSuffix(message) == true)
    }
    #expect(failure(Self.nested("(", "a", ")", 10_000))?.hasPrefix("1:501: ") == true)
    #expect(failure(Self.nested("a[1h:]", "", "", 10_000))?.isEmpty == false)
  }

  #if DEBUG
    /// Frames of debug builds are many times as large.
    private static let stack = 8192
  #else
    private static let stack = 512
  #endif

  /// Just below the bound everything works on a small stack: parsing, checking,
  /// printing, walking, comparing and letting go.
  @Test func treesAtTheBoundFitASmallStack() {
    onSmallStack(kibibytes: Self.stack) {
      for (open, inner, close) in Self.ways {
        let isDuration = open == "a[1h:("
        // These go two levels down at once.
        let isDouble = ["- +", "a + (", "-(", "max_over_time("].contains(open)
        let text =
          isDuration
          ? "a[1h:" + Self.nested("(step() + ", "1", ")", 240) + "]"
          : Self.nested(open, inner, close, isDouble ? 245 : 490)
        do throws(PromQLError) {
          let tree = try PromQL.parse(text)
          let again = try PromQL.parse(tree.description)
          #expect(again == tree)
          #expect(again.hashValue == tree.hashValue)
          _ = tree.prettified()
          _ = tree.normalized.isStepInvariant
          #expect(!tree.selectors.isEmpty || inner == "1")
        } catch {
          Issue.record("\(open): \(error)")
        }
      }
    }
  }

  @Test func manyArgumentsAndLabelsAreNoDepth() throws {
    let labels = (0..<5000).map { "l\($0)" }.joined(separator: ",")
    let tree = try PromQL.parse("sum by (\(labels)) (a)")
    guard case .aggregate(let node) = tree, case .by(let found) = node.grouping else {
      Issue.record("\(tree.type)")
      return
    }
    #expect(found.count == 5000)
    let sources = (0..<5000).map { "\"s\($0)\"" }.joined(separator: ", ")
    #expect(failure("label_join(a, \"b\", \"c\", \(sources))") == nil)
  }

  @Test func queriesHaveALength() {
    let long = String(repeating: " ", count: (1 << 24) + 1)
    #expect(
      failure(long)
        == "1:1: parse error: query is 16777217 bytes long, at most 16777216 are allowed")
  }
}
