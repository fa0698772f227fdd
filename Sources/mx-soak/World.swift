import Glibc
import MxTestSupport

/// What happens in the simulated days: which target is down when, when releases go out, when the
/// clock lies and when the disk is full. All of it follows from the minute, so that every value that
/// anybody could have seen is known without being remembered.
struct World: Sendable {
  struct Outage: Sendable {
    var target: Int
    /// Minutes since the start; the last one is up again.
    var minutes: Range<Int>
  }

  static let targets = 6
  /// Rows of the file that a batch job drops every minute.
  static let parts = 4
  static let day = 1440

  /// Milliseconds since 1970 of minute 0: a midnight.
  let start: Int64
  let minutes: Int
  let outages: [Outage]

  init(days: Double, seed: UInt64) {
    // 2026-10-05, a Monday.
    start = 1_791_158_400_000
    minutes = Int(days * Double(Self.day))
    var random = SeededGenerator(seed: seed)
    var outages: [Outage] = []
    for target in 0..<Self.targets {
      // The first one soon: a simulation of hours has one as well.
      var minute = target == 0 ? 12 : Int.random(in: 30...400, using: &random)
      while true {
        let length = minute == 12 ? 10 : Int.random(in: 9...90, using: &random)
        let range = minute..<(minute + length)
        // The end of the simulation leaves time for the notice of the end.
        guard range.upperBound + 30 < minutes else { break }
        if !range.contains(where: Self.isQuiet) {
          outages.append(Outage(target: target, minutes: range))
        }
        minute = range.upperBound + Int.random(in: 240...2200, using: &random)
      }
    }
    self.outages = outages
  }

  func time(_ minute: Int) -> Int64 { start + Int64(minute) * 60_000 }

  func isDown(_ target: Int, at minute: Int) -> Bool {
    outages.contains { $0.target == target && $0.minutes.contains(minute) }
  }

  /// A release every three days and a half, one target after the other.
  static func release(_ target: Int, at minute: Int) -> (number: Int, age: Int) {
    let since = minute + 5040 - target * 20
    return (since / 5040, since % 5040)
  }

  /// The wall clock jumps ahead by hours on the fourth day of ten and back on the sixth, for a
  /// quarter of an hour. The odd seconds keep its samples apart from those of the true time.
  static func clockError(at minute: Int) -> Int64 {
    let (day, within) = (minute / Self.day % 10, minute % Self.day)
    guard 720..<735 ~= within else { return 0 }
    return day == 3 ? 3 * 3_600_000 + 17_000 : day == 5 ? -(3_600_000 + 17_000) : 0
  }

  /// Nothing fits on the disk, a quarter of an hour on the third day of seven.
  static func isFull(at minute: Int) -> Bool {
    minute / Self.day % 7 == 2 && 900..<915 ~= minute % Self.day
  }

  /// Times around the two above, in which no outage is arranged: what an alert about a target does
  /// while nobody can know the time is no question of duplicates.
  private static func isQuiet(_ minute: Int) -> Bool {
    let (day, within) = (minute / Self.day, minute % Self.day)
    return (day % 10 == 3 || day % 10 == 5) && 500..<1000 ~= within
      || day % 7 == 2 && 840..<960 ~= within
  }

  // MARK: what is there to see

  static func temperature(_ target: Int, at minute: Int) -> Double {
    Double((minute * 7919 + target * 104_729) % 1000) / 10
  }

  /// The page of one target, as an exporter writes it: without times.
  static func page(_ target: Int, at minute: Int) -> String {
    let (number, age) = release(target, at: minute)
    return """
      # TYPE http_requests_total counter
      http_requests_total{code="200"} \(age * (100 + target))
      http_requests_total{code="500"} \(age * (1 + target) / 7)
      # TYPE temperature gauge
      temperature \(temperature(target, at: minute))
      # TYPE build_info gauge
      build_info{version="\(number)"} 1

      """
  }

  /// The file that the batch job of a minute drops.
  func batch(at minute: Int) -> String {
    var text = "# TYPE batch_rows gauge\n"
    for part in 0..<Self.parts {
      text += "batch_rows{part=\"\(part)\"} \(minute % 977 + part) \(time(minute))\n"
    }
    return text
  }
}

/// What the targets' server needs to know, changed by the one who turns the clock.
final class Scene: @unchecked Sendable {
  private var lock = pthread_mutex_t()
  private var minute = 0
  private var served = 0

  init() { pthread_mutex_init(&lock, nil) }

  func turn(to minute: Int) {
    pthread_mutex_lock(&lock)
    self.minute = minute
    served = 0
    pthread_mutex_unlock(&lock)
  }

  func serve() -> Int {
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    served += 1
    return minute
  }

  var now: Int {
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    return minute
  }

  /// Pages handed out since the clock was turned.
  var pages: Int {
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    return served
  }
}
