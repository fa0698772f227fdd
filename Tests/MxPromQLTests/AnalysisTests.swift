import MxModel
import MxPromQL
import Testing

@Suite struct AnalysisTests {
  private func tree(_ text: String) -> Expr {
    do throws(PromQLError) {
      return try PromQL.parse(text)
    } catch {
      Issue.record("\(text): \(error)")
      return .number(NumberLiteral(0))
    }
  }

  @Test func selectorsAreFoundWithWhatTheyAreFor() {
    let uses = tree(
      "rate(a[5m] offset 1m) + max_over_time((sum(b) / c @ end())[1h:1m] offset 2m) > abs((d))"
    ).selectors
    #expect(uses.map { $0.selector.metricName ?? "" } == ["a", "b", "c", "d"])
    #expect(uses.map { $0.range?.fixedMilliseconds } == [300_000, nil, nil, nil])
    #expect(uses.map(\.function) == [.rate, nil, nil, .abs])
    #expect(uses.map(\.subqueries.count) == [0, 1, 1, 0])
    #expect(uses[0].selector.offset == .fixed(60_000))
    #expect(uses[1].subqueries[0].range == .fixed(3_600_000))
    #expect(uses[1].subqueries[0].offset == .fixed(120_000))
    #expect(uses[2].selector.at == .end)
  }

  @Test func parametersAndNestedSubqueriesCountToo() {
    let uses =
      tree("topk(scalar(k), max_over_time(max_over_time(rate(x[1m])[5m:])[1h:]))").selectors
    #expect(uses.map { $0.selector.metricName ?? "" } == ["k", "x"])
    #expect(uses[1].subqueries.map(\.range.fixedMilliseconds) == [3_600_000, 300_000])
  }

  @Test func metricNamesAreListedOnce() {
    let expr = tree("a + b{x=\"y\"} / on() a{c=\"d\"} + {\"utf 8\"}")
    #expect(expr.metricNames == ["a", "b", "utf 8"])
    #expect(!expr.selectsUnnamedMetrics)
    #expect(tree("a + {b=\"c\"}").selectsUnnamedMetrics)
    #expect(tree("{__name__=~\"a|b\"}").metricNames.isEmpty)
    #expect(tree("1 + 2").metricNames.isEmpty)
  }

  @Test func whatAnAtFixesIsTheSameAtEveryStep() {
    for text in [
      "1 + 2", "a @ 5", "sum(a @ start())", "rate(a[5m] @ end())", "\"x\"", "vector(1)",
      "max_over_time(rate(a[1m])[1h:] @ 10)", "timestamp(a @ 5)", "hour(a @ 5)", "start()",
      "step() * range()", "a @ 5 + b @ 6", "-(a @ 5)", "topk(2, a @ 1)",
    ] {
      #expect(tree(text).isStepInvariant, "\(text)")
    }
    for text in [
      "a", "a @ 5 + b", "time()", "hour()", "timestamp(a @ 5 + 1)", "predict_linear(a[5m] @ 5, 3)",
      "rate(a[5m])", "sum(a offset 5m)", "topk(scalar(b), a @ 1)", "max_over_time(a[1h:])",
      "vector(time())",
    ] {
      #expect(!tree(text).isStepInvariant, "\(text)")
    }
  }

  @Test func dependenceOnTheQueryItselfIsSeen() {
    for text in [
      "a @ start()", "rate(a[step()])", "a offset range()", "a[1h:step()]", "end()",
      "sum(rate(a[5m] @ end()))",
    ] {
      #expect(tree(text).dependsOnQueryTimes, "\(text)")
    }
    #expect(!tree("rate(a[5m]) + time()").dependsOnQueryTimes)
  }

  @Test func extendedRangesFitFewFunctions() {
    func problem(_ text: String) -> String? {
      guard case .call(let call) = tree(text) else { return "no call" }
      return call.extendedRangeProblem
    }
    #expect(problem("rate(a[5m] anchored)") == nil)
    #expect(problem("resets((a[5m] anchored))") == nil)
    #expect(problem("rate(a[5m])") == nil)
    #expect(
      problem("max_over_time(a[3m] anchored)")
        == "anchored modifier can only be used with: changes, delta, increase, rate, resets "
        + "- not with max_over_time")
    #expect(
      problem("resets((a[3m] smoothed))")
        == "smoothed modifier can only be used with: delta, increase, rate - not with resets")
  }

  @Test func spellingIsNoDifferenceInNormalForm() {
    for (left, right) in [
      ("a{x=\"1\",y=\"2\"}", "a{y=\"2\", x=\"1\", x=\"1\"}"),
      ("sum(a) by (x, y)", "SUM by(y,x,y) ((a))"), ("a > 300", "(a) > 5m"), ("+a", "a"),
      ("sum by () (a)", "sum(a)"), ("a + ignoring() b", "a + b"), ("1 + on() a", "1 + a"),
      ("a[1h30m]", "a[90m]"), ("a[5m*2]", "a[10m]"), ("{__name__=\"a\"}", "a"),
      ("a * on(x, y) group_left(c, b) d", "a * on(y, x) group_left(b, c) d"),
    ] {
      #expect(tree(left).fingerprintText == tree(right).fingerprintText, "\(left)")
      #expect(tree(left).normalized == tree(right).normalized, "\(left)")
    }
    for (left, right) in [
      ("a", "b"), ("a - b", "b - a"), ("a - (b - c)", "a - b - c"),
      ("sum without () (a)", "sum(a)"),
      ("a[5m]", "a[5m:]"), ("rate(a[5m])", "rate(a[6m])"), ("a @ 1", "a @ 2"), ("-a", "a"),
      ("a{x=\"1\"}", "a{x=~\"1\"}"), ("a offset 1m", "a offset -1m"), ("a == b", "a == bool b"),
      ("a smoothed", "a"),
    ] {
      #expect(tree(left).fingerprintText != tree(right).fingerprintText, "\(left)")
    }
  }

  @Test func positionsAreWhereThingsStand() {
    let text = "sum(rate(x[5m])) +\n  -y"
    guard case .binary(let node) = tree(text), case .aggregate(let sum) = node.left else {
      Issue.record("no sum")
      return
    }
    #expect(node.operatorPosition.position(in: text).description == "1:18")
    #expect(node.right.position.position(in: text).description == "2:3")
    #expect(sum.argument.position.position(in: text).description == "1:5")
    guard case .call(let rate) = sum.argument else { return }
    #expect(rate.arguments[0].position.position(in: text).description == "1:10")
    let range = rate.arguments[0].position
    #expect(Array(text.utf8)[Int(range.start)..<Int(range.end)].elementsEqual("x[5m]".utf8))
  }

  @Test func positionsReachToTheLastModifier() {
    for text in [
      "x{a=\"b\"} offset 5m", "x[5m] @ 5 offset 1m", "x[1h:5m] @ end()", "sum(x) by (a)",
      "sum by (a) (x)", "abs(x)", "(x)", "-x", "5m", "\"s\"", "a + b", "x offset -(1h/2)",
      "x[5m] anchored",
    ] {
      let range = tree("  \(text)  # end").position
      #expect(range.start == 2)
      #expect(Int(range.end) == 2 + text.utf8.count, "\(text)")
    }
  }

  @Test func computedDurationsAreWorkedOutInTheEnd() throws {
    func value(_ text: String, step: Int64 = 5000, range: Int64 = 60_000) throws -> Int64 {
      guard case .range(let node) = try PromQL.parse("x[\(text)]") else { return -1 }
      return try node.range.milliseconds(
        DurationContext(step: step, range: range), mustBePositive: true)
    }
    #expect(try value("step()") == 5000)
    #expect(try value("step() + 1ms") == 5001)
    #expect(try value("1+(STep()-5)*2", step: 10_000) == 11_000)
    #expect(try value("min_of(step()+1,1h)") == 6000)
    #expect(try value("max_of(min_of(step()+1,1h),1ms)", step: 0) == 1000)
    #expect(try value("range() / 4") == 15_000)
    #expect(try value("step() ^ 2 % 7") == 4000)
    #expect(try value("step() / 3") == 1666)
    #expect(throws: PromQLError.self) { try value("step()", step: 0) }
    #expect(throws: PromQLError.self) { try value("range() / step()", step: 0) }
    #expect(throws: PromQLError.self) { try value("range() % step()", step: 0) }
    #expect(throws: PromQLError.self) { try value("step() - 1h") }
    #expect(throws: PromQLError.self) { try value("step() ^ 1000") }
  }

  /// In ms even where a double of nanoseconds could not hold it.
  @Test func longDurationsAreExact() throws {
    for (text, wanted) in [
      ("100y1ms", Int64(3_153_600_000_001)), ("1ms", 1), ("0.0015", 1), ("292y", 9_208_512_000_000),
      ("1y1w1d1h1m1s1ms", 32_230_861_001),
    ] {
      guard case .range(let node) = try PromQL.parse("x[\(text)]") else { return }
      #expect(node.range == .fixed(wanted), "\(text)")
    }
  }
}
