import MxTime

/// The lines of jobs/crontab, as cron would start them.
struct Crontab {
  struct Job {
    var schedule: Cron
    /// Milliseconds of the `sleep` before the command.
    var delay: Int64
    /// The tool and its words.
    var words: [String]
    var tool: String { words[0] }
    /// `mx-ingest scrape`: what figures are told by.
    var name: String {
      words.count > 1 && !words[1].hasPrefix("-") ? "\(words[0]) \(words[1])" : words[0]
    }
  }

  let jobs: [Job]

  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// `places`: what stands in the file, and where it lies in the simulation.
  init(_ text: String, places: [(String, String)]) throws {
    jobs = try text.split(separator: "\n").compactMap { line in
      if line.hasPrefix("#") || line.split(separator: " ")[0].contains("=") { return nil }
      let fields = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
      guard fields.count > 6 else { throw Problem(description: "no job: \(line)") }
      var words = fields[6...].map { word in
        places.reduce(word) { $0.replacing($1.0, with: $1.1) }
      }
      var delay: Int64 = 0
      if words[0] == "sleep" {
        delay = (Int64(words[1].dropLast()) ?? 0) * 1000
        words.removeFirst(2)
      }
      // This machine is none of the generated targets.
      if words.contains("host") { return nil }
      return Job(
        schedule: try Cron(fields[..<5].joined(separator: " ")), delay: delay,
        words: Array(words))
    }
    guard jobs.count > 5 else { throw Problem(description: "only \(jobs.count) jobs") }
  }

  /// What cron starts in the day that begins at `midnight`: the jobs of each minute that has some, in
  /// the order in which they run.
  func day(from midnight: Int64) -> [Int: [Job]] {
    var due: [Int: [Job]] = [:]
    for job in jobs {
      // What is the same in every hour needs one to be looked at.
      let hours = job.schedule.text.hasSuffix(" * * * *") ? 24 : 1
      let times = job.schedule.times(
        after: midnight - 1, through: midnight + 86_400_000 / Int64(hours) - 1, in: .utc, limit: 1440)
      for hour in 0..<hours {
        for time in times {
          due[hour * 60 + Int(time - midnight) / 60_000, default: []].append(job)
        }
      }
    }
    return due.mapValues { jobs in
      jobs.enumerated().sorted { ($0.element.delay, $0.offset) < ($1.element.delay, $1.offset) }
        .map(\.element)
    }
  }
}
