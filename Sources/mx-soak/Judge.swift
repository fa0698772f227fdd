import Glibc
import MxTestSupport

/// What must hold, and what did not.
final class Judge {
  private let world: World
  private let directory: String
  private let runner: Runner
  let canFill: Bool
  var notices: String { "\(directory)/notices.log" }

  private var findings: [String] = []
  /// Times of a tool's runs, a list a day.
  private var times: [String: [[Double]]] = [:]
  private var memory: [Int] = []
  /// Bytes a sample, and samples, at the end of each day.
  private var density: [(bytes: Int, samples: Int, all: Int)] = []
  private var counts: [String: Int] = [:]
  /// Pages of a day: handed out, and of those in runs that said yes.
  private var pages = (served: 0, acknowledged: 0)
  private var alertKills = 0
  private var toldOutages: Set<Int> = []
  private var today = 0

  init(world: World, directory: String, runner: Runner) {
    self.world = world
    self.directory = directory
    self.runner = runner
    var (outer, inner) = (stat(), stat())
    stat(directory, &outer)
    stat("\(directory)/disk", &inner)
    // Only a file system made for this may be filled up.
    canFill = outer.st_dev != inner.st_dev
  }

  private func find(_ text: String) {
    if findings.count < 200 { print("soak: FAILED: \(text)") }
    findings.append(text)
  }

  // MARK: as it goes on

  func ran(_ job: Crontab.Job, _ result: Runner.Result, at minute: Int) {
    counts["runs", default: 0] += 1
    var lists = times[job.name] ?? []
    while lists.count <= today { lists.append([]) }
    lists[today].append(result.milliseconds)
    times[job.name] = lists
    let isTrouble = isTroubled(minute)
    let messages = result.printed.split(separator: "\n").filter { !$0.contains(": hint: ") }
    if result.exit == 0, !messages.isEmpty, !tellsOfOutage(job, messages, minute) {
      find("\(stamp(minute)) \(job.name) had nothing wrong and printed: \(result.printed)")
    }
    if result.exit != 0 {
      counts["failed", default: 0] += 1
      // What a target does is for the rules to tell, not for cron's mail of every minute.
      if messages.isEmpty, !explains(job, result, minute) {
        find("\(stamp(minute)) \(job.name) ended with \(result.exit) and printed nothing")
      }
      if !isTrouble, !explains(job, result, minute) {
        find("\(stamp(minute)) \(job.name) ended with \(result.exit): \(result.printed)")
      }
    }
  }

  /// Whether something is wrong with the disk or the clock, or was a moment ago.
  private func isTroubled(_ minute: Int) -> Bool {
    (max(0, minute - 20)...minute).contains { at in
      canFill && World.isFull(at: at) || World.clockError(at: at) != 0
    }
  }

  /// While the clock is behind that of the last run nothing is removed, and it is said: after
  /// a jump ahead that takes as long as the jump was wide.
  private func explains(_ job: Crontab.Job, _ result: Runner.Result, _ minute: Int) -> Bool {
    job.name == "mx-compact" && result.printed.contains("retention waits: the clock")
      && (1...240).contains { World.clockError(at: max(0, minute - $0)) > 0 }
  }

  /// That a target has gone down is said once, in the run that finds it; the run has done
  /// all that it should.
  private func tellsOfOutage(
    _ job: Crontab.Job, _ messages: [Substring], _ minute: Int
  ) -> Bool {
    job.name == "mx-ingest scrape"
      && messages.allSatisfy { message in
        let outage = world.outages.firstIndex { outage in
          message.contains(": warning: shop-\(outage.target)/") && outage.minutes.contains(minute)
        }
        return outage.map { toldOutages.insert($0).inserted } ?? false
      }
  }

  func scraped(_ served: Int, isAcknowledged: Bool, _ minute: Int) {
    pages.served += served
    if isAcknowledged { pages.acknowledged += served }
  }

  func killed(_ job: Crontab.Job, _ isKilled: Bool) {
    counts[isKilled ? "killed" : "quick", default: 0] += 1
    if isKilled, job.tool == "mx-alert" { alertKills += 1 }
  }

  // MARK: each day

  func endOfDay(after minute: Int) throws {
    // The last files of the day are taken by a run that nobody kills.
    let now = world.time(minute) + 50_000
    _ = try runner.run(["mx-ingest", "spool", "\(directory)/spool"], now: now)
    // What a clock that was behind took for the future was set aside, and said to be.
    let start = max(0, minute - World.day)
    if (start...minute).contains(where: { World.clockError(at: $0) < 0 }) {
      _ = try runner.run(["mx-ingest", "rejected", "retry"], now: now)
    }
    let minutes = minute % World.day + 1
    try expect(
      "sum(count_over_time(batch_rows[\(minutes)m]))", Double(minutes * World.parts)...,
      upTo: Double(minutes * World.parts), at: world.time(minute), "rows of batch jobs")
    var sum = 0
    for at in (minute - minutes + 1)...minute {
      for part in 0..<World.parts { sum += at % 977 + part }
    }
    try expect(
      "sum(sum_over_time(batch_rows[\(minutes)m]))", Double(sum)..., upTo: Double(sum),
      at: world.time(minute), "the sum of rows")
    // Samples of the moment when the clock was wrong lie on the same day, seconds later.
    try expect(
      "sum(count_over_time(temperature[\(minutes + 1)m]))", Double(pages.acknowledged)...,
      upTo: Double(pages.served), at: world.time(minute) + 59_999, "samples of targets")
    pages = (0, 0)
    try size(now)
    memory.append(Place.memory())
    progress(minute)
    today += 1
  }

  private func expect(
    _ expression: String, _ least: PartialRangeFrom<Double>, upTo most: Double, at time: Int64,
    _ what: String
  ) throws {
    let found = try number(expression, at: time)
    if found < least.lowerBound || found > most {
      find(
        "day \(today): \(what): \(found), not \(least.lowerBound) to \(most): "
          + (found < least.lowerBound ? "acknowledged samples are lost" : "some were taken twice"))
    }
  }

  private func number(_ expression: String, at time: Int64) throws -> Double {
    let result = try runner.run(
      ["mx-query", "--format", "csv", "--no-header", "--at", "\(time / 1000).999", expression],
      now: time + 60_000)
    let last = result.printed.split(separator: "\n").first?.split(separator: ",").last
    return last.flatMap { Double($0) } ?? 0
  }

  private func size(_ now: Int64) throws {
    let stats = try runner.run(["mx-compact", "stats"], now: now).printed
    func value(_ name: String) -> Int {
      let line = stats.split(separator: "\n").first { $0.hasPrefix(name + "  ") }
      return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }
    density.append(
      (value("bytes, live files"), value("samples"), Place.size("\(directory)/disk/mx/store")))
  }

  private func progress(_ minute: Int) {
    guard let now = density.last else { return }
    let median = times.mapValues { lists in Self.median(lists.last ?? []) }
    let slow = median.sorted { $0.key < $1.key }.map {
      "\($0.key.dropFirst(3)) \(Self.rounded($0.value))"
    }
    print(
      "soak: \(stamp(minute)): \(now.samples) samples, \(now.bytes) bytes live, \(now.all) in all; "
        + "\(memory.last ?? 0) KiB; ms: \(slow.joined(separator: ", "))")
    fflush(nil)
  }

  // MARK: at the end

  func end() throws {
    let now = world.time(world.minutes) + 60_000
    judgeNotices()
    let verified = try runner.run(["mx-compact", "verify", "--deep"], now: now)
    if verified.exit != 0 { find("verify --deep: \(verified.printed)") }
    for page in ["index.html", "host.html", "mx.html"] {
      let text = Place.read("\(directory)/disk/mx/site/\(page)") ?? ""
      if !text.contains("</html>") { find("site/\(page) is not there or not whole") }
    }
    judgeSize()
    judgeFlatness()
  }

  /// Exactly one notice that it fires and one that it is over, of each outage.
  private func judgeNotices() {
    let lines = (Place.read(notices) ?? "").split(separator: "\n")
    var surplus = 0
    for target in 0..<World.targets {
      let outages = world.outages.count { $0.target == target }
      let own = lines.filter { $0.contains("\"instance\":\"shop-\(target)\"") }
      for status in ["firing", "resolved"] {
        let told = own.count { $0.contains("\"receiver\":\"log\",\"status\":\"\(status)\"") }
        if told < outages { find("shop-\(target): \(told) of \(outages) notices of \(status)") }
        surplus += max(0, told - outages)
      }
    }
    // A run that is killed between a notice and its record sends it again: a notice twice is
    // better than none. Nothing else may.
    if surplus > alertKills {
      find("\(surplus) notices too many, and only \(alertKills) runs of mx-alert were killed")
    }
    counts["notices"] = lines.count
    counts["notices again after a kill"] = surplus
  }

  /// What a sample costs after a fifth of the time is what it costs in the end, and files that wait
  /// for the grace to end are a day's and no more.
  private func judgeSize() {
    guard density.count >= 5, let last = density.last else { return }
    let early = density[density.count / 5]
    let predicted = Double(early.bytes) / Double(max(1, early.samples)) * Double(last.samples)
    let ratio = Double(last.bytes) / max(1, predicted)
    print("soak: size: \(last.bytes) bytes, \(Self.rounded(ratio)) of what was predicted")
    if ratio > 1.25 { find("the store is \(Self.rounded(ratio)) times as large as predicted") }
    if Double(last.all) > 1.25 * Double(density.map(\.all).dropLast().max() ?? last.all) {
      find("the store's directory grows without end")
    }
  }

  private func judgeFlatness() {
    guard density.count >= 6 else { return }
    let third = density.count / 3
    for (name, lists) in times where lists.count >= density.count {
      let (early, late) = (lists[third..<(2 * third)], lists[(2 * third)...])
      let (before, after) = (Self.median(early.flatMap { $0 }), Self.median(late.flatMap { $0 }))
      if after > before * 1.5 + 2 {
        find("\(name) takes \(Self.rounded(after)) ms, and took \(Self.rounded(before))")
      }
    }
    let (before, after) = (memory[..<(2 * third)].max() ?? 0, memory[(2 * third)...].max() ?? 0)
    if Double(after) > Double(before) * 1.25 {
      find("memory grows: \(after) KiB, \(before) KiB before")
    }
  }

  func verdict() -> Bool {
    let told = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print("soak: \(told.joined(separator: ", ")); \(world.outages.count) outages")
    if !canFill {
      print("soak: skipped: a full disk: \(directory)/disk is no file system of its own")
    }
    print("soak: \(findings.isEmpty ? "everything held" : "\(findings.count) things did not hold")")
    return findings.isEmpty
  }

  // MARK: numbers

  private func stamp(_ minute: Int) -> String {
    let within = minute % World.day
    return "day \(minute / World.day) \(two(within / 60)):\(two(within % 60))"
  }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
  }

  private static func rounded(_ value: Double) -> String {
    let (whole, rest) = Int((value * 100).rounded()).quotientAndRemainder(dividingBy: 100)
    return "\(whole)." + (rest < 10 ? "0\(rest)" : "\(rest)")
  }
}
