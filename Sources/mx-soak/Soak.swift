import Glibc
import MxTestSupport

/// mx-soak --days N DIR PROJECT: jobs/crontab of PROJECT, driven through N days of a fake clock in DIR.
///
/// All tools run in this process with `--now`; a share of the runs is started as processes and killed.
/// Where DIR/disk is a file system of its own it is filled up now and then. What must hold is checked as
/// it goes on and at the end; the exit code is 1 where something did not hold.
enum Soak {
  static func main(_ words: [String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    guard words.count == 4, words[0] == "--days", let days = Double(words[1]), days > 0 else {
      print("usage: mx-soak --days N DIR PROJECT")
      return 2
    }
    do {
      let simulation = try Simulation(days: days, directory: words[2], project: words[3])
      try simulation.run()
      return simulation.judge.verdict() ? 0 : 1
    } catch {
      print("soak: \(error)")
      return 5
    }
  }
}

/// The machine that is simulated: its directory, its targets, its cron.
final class Simulation {
  let world: World
  let judge: Judge
  private let directory: String
  private let runner: Runner
  private let crontab: Crontab
  private let scene = Scene()
  private let server: TestServer
  private var random = SeededGenerator(seed: 20_261_120)
  private var runs = 0

  /// One run in so many is killed at a moment that nobody chose.
  private static let killed = 53

  init(days: Double, directory: String, project: String) throws {
    self.directory = directory
    world = World(days: days, seed: 8)
    for place in ["disk/mx/store", "spool", "etc/rules", "etc/reports"] {
      Place.makeDirectories("\(directory)/\(place)")
    }
    runner = try Runner(tools: Place.tools(), scratch: "\(directory)/printed")
    guard let text = Place.read("\(project)/jobs/crontab") else {
      throw Runner.Problem(description: "\(project)/jobs/crontab cannot be read")
    }
    crontab = try Crontab(
      text,
      places: [
        ("/etc/mx", "\(directory)/etc"), ("/var/lib/mx", "\(directory)/disk/mx"),
        ("/var/spool/mx", "\(directory)/spool"),
      ])
    let (world, scene) = (self.world, self.scene)
    server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      let target = Int(request.path.dropFirst()) ?? 0
      let minute = scene.now
      guard !world.isDown(target, at: minute) else {
        connection.respond("503 Service Unavailable")
        return
      }
      let page = World.page(target, at: minute)
      connection.respond(
        "200 OK", ["Content-Type: text/plain; version=0.0.4"], Array(page.utf8))
      _ = scene.serve()
    }
    judge = Judge(world: world, directory: directory, runner: runner)
    try configure(project)
  }

  /// What /etc/mx would hold: the project's own files, targets and a receiver of the simulation.
  private func configure(_ project: String) throws {
    for (from, to) in [
      ("jobs/rules/host.yml", "etc/rules/host.yml"), ("jobs/rules/mx.yml", "etc/rules/mx.yml"),
      ("reports/host.json", "etc/reports/host.json"), ("reports/mx.json", "etc/reports/mx.json"),
      ("jobs/mx.yml", "disk/mx/store/mx.yml"),
    ] {
      guard let text = Place.read("\(project)/\(from)") else {
        throw Runner.Problem(description: "\(project)/\(from) cannot be read")
      }
      try Place.write(
        text.replacing("/etc/mx/", with: "\(directory)/etc/"), to: "\(directory)/\(to)")
    }
    var scrape = "global: {scrape_interval: 1m, scrape_timeout: 10s}\nscrape_configs:\n"
    for target in 0..<World.targets {
      scrape += """
          - job_name: shop
            metrics_path: /\(target)
            static_configs: [{targets: ['127.0.0.1:\(server.port)'], labels: {instance: shop-\(target)}}]

        """.replacing("job_name: shop\n", with: "job_name: shop-\(target)\n")
    }
    try Place.write(scrape, to: "\(directory)/etc/scrape.yml")
    try Place.write(
      """
      route:
        receiver: nobody
        routes:
          - matchers: ['alertname = "TargetDown"']
            receiver: log
            group_by: [alertname, instance]
            repeat_interval: 52w
      receivers:
        - {name: nobody}
        - name: log
          x-mx: {file_configs: [{path: \(judge.notices)}]}

      """, to: "\(directory)/etc/notify.yml")
    setenv("MX_STORE", "\(directory)/disk/mx/store", 1)
    setenv("MX_NET", "\(runner.tools)/mx-net", 1)
    chdir("\(directory)/disk/mx")
  }

  func run() throws {
    var due: [Int: [Crontab.Job]] = [:]
    for minute in 0..<world.minutes {
      let within = minute % World.day
      if within == 0 { due = crontab.day(from: world.time(minute)) }
      scene.turn(to: minute)
      try arrange(minute)
      for job in due[within] ?? [] { try start(job, at: minute) }
      if within == World.day - 1 || minute == world.minutes - 1 {
        try judge.endOfDay(after: minute)
      }
    }
    try judge.end()
  }

  /// What happens to the machine in this minute, whoever runs.
  private func arrange(_ minute: Int) throws {
    if judge.canFill {
      let filler = "\(directory)/disk/filler"
      if World.isFull(at: minute) {
        try Filler.fill(filler)
      } else {
        unlink(filler)
      }
    }
    try Place.write(world.batch(at: minute), to: "\(directory)/spool/batch-\(minute).prom")
  }

  private func start(_ job: Crontab.Job, at minute: Int) throws {
    runs += 1
    let now = world.time(minute) + job.delay + World.clockError(at: minute)
    let words = try expanded(job.words)
    if runs % Self.killed == 0 {
      let delay = UInt32.random(in: 0...25_000, using: &random)
      let isKilled = try runner.kill(words, now: now, after: delay)
      if job.name == "mx-ingest scrape" {
        judge.scraped(scene.pages, isAcknowledged: !isKilled, minute)
      }
      judge.killed(job, isKilled)
      return
    }
    let result = try runner.run(words, now: now)
    if job.name == "mx-ingest scrape" {
      judge.scraped(scene.pages, isAcknowledged: result.exit <= 1, minute)
    }
    judge.ran(job, result, at: minute)
  }

  /// cron's shell replaces patterns.
  private func expanded(_ words: [String]) throws -> [String] {
    words.flatMap { word -> [String] in
      guard word.contains("*") else { return [word] }
      var found = glob_t()
      defer { globfree(&found) }
      guard glob(word, 0, nil, &found) == 0 else { return [word] }
      return (0..<Int(found.gl_pathc)).compactMap { index in
        found.gl_pathv[index].map { String(cString: $0) }
      }
    }
  }
}

/// A file that takes all that is left of a disk.
enum Filler {
  static func fill(_ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    defer { close(file) }
    var size = 1 << 20
    let zeros = [UInt8](repeating: 1, count: size)
    while size > 0 {
      if write(file, zeros, size) <= 0 { size /= 4 }
    }
  }
}
