/// Why a text is not the time, duration, zone or schedule that was wanted.
package enum TimeError: Error, Equatable {
  case badTime(String)
  case badDuration(String, String)
  /// No such zone in any of the directories that were searched.
  case unknownZone(String, searched: [String])
  /// A zone's file is there, but is not what it should be.
  case damagedZone(String, String)
  case badSchedule(String, String)
  case badInterval(String, String)
}

extension TimeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badTime(let text):
      "'\(text)' is not a time such as 2026-11-20T10:00:00Z"
    case .badDuration(let text, let why):
      "'\(text)' is not a duration: \(why)"
    case .unknownZone(let name, let searched):
      searched.isEmpty
        ? "'\(name)' is not the name of a time zone"
        : "time zone '\(name)' not found in \(searched.joined(separator: ", "))"
    case .damagedZone(let name, let why):
      "the file of time zone '\(name)' is damaged: \(why)"
    case .badSchedule(let text, let why):
      "'\(text)' is not a cron schedule: \(why)"
    case .badInterval(let text, let why):
      "'\(text)' is not valid in a time interval: \(why)"
    }
  }
}
