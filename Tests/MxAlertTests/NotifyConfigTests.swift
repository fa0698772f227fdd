import MxAlert
import MxConfig
import MxModel
import Testing

@Suite struct NotifyConfigTests {
  // MARK: - Files of the field

  /// Those that Alertmanager refuses, and a word of what it says.
  private static let refused: [String: String] = [
    "cli__testdata__conf.bad.yml": "expected a mapping",
    "config__testdata__conf.mattermost-valid-receiver-both-webhook-url-and-file.yml":
      "mattermost_webhook_url_file",
    "config__testdata__conf.nil-source_match_re-inhibition.yml": "invalid_source_label",
    "config__testdata__conf.nil-target_match_re-inhibition.yml": "invalid_target_label",
    "config__testdata__conf.opsgenie-no-apikey.yml": "no global OpsGenie API Key",
    "config__testdata__conf.rocketchat-both-tokenid-and-tokenidfile.yml":
      "rocketchat_token_id_file",
    "config__testdata__conf.rocketchat-no-token.yml": "no global Rocketchat Token",
    "config__testdata__conf.slack-both-file-and-url.yml": "slack_api_url_file",
    "config__testdata__conf.slack-update-message-and-webhook.yml": "update_message",
    "config__testdata__conf.telegram-valid-receiver-both-bot-token-and-file.yml":
      "telegram_bot_token_file",
    "config__testdata__conf.wechat-both-file-and-secret.yml": "wechat_api_secret_file",
    "config__testdata__conf.wechat-no-api-secret.yml": "Wechat Api Secret",
  ]

  @Test func publicFilesLoadOrAreRefused() {
    let files = NotifyCorpus.names.filter { $0.hasSuffix(".yml") }
    if files.isEmpty {
      print("skipped: no corpora")
      return
    }
    #expect(files.count == 31)
    for file in files {
      let problems = problems(NotifyCorpus.text(file) ?? "")
      if let words = Self.refused[file] {
        #expect(problems.contains { $0.contains(words) }, "\(file): \(problems)")
        #expect(problems.allSatisfy { $0.hasPrefix("n.yml:") })
      } else {
        #expect(problems.isEmpty, "\(file): \(problems)")
      }
    }
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try Config.read(text)
      return []
    } catch let error as ConfigError {
      return error.problems.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  // MARK: - Mistakes

  private static let route = "route: {receiver: a}\n"
  private static let receiver = "receivers: [{name: a}]\n"

  @Test(arguments: [
    ("receivers: [{name: a}]", "1: no routes provided"),
    ("route: {group_by: [x]}\n" + receiver, "1: root route must specify a default receiver"),
    ("route: {receiver: b}\n" + receiver, "1: undefined receiver 'b' used in route"),
    (
      "route:\n  receiver: a\n  matchers: [x=y]\n" + receiver,
      "2: root route must not have any matchers"
    ),
    (
      "route:\n  receiver: a\n  continue: true\n" + receiver,
      "3: cannot have continue in root route"
    ),
    (
      "route:\n  receiver: a\n  group_interval: 0s\n" + receiver, "3: group_interval cannot be zero"
    ),
    (
      "route:\n  receiver: a\n  repeat_interval: 0s\n" + receiver,
      "3: repeat_interval cannot be zero"
    ),
    (
      "route:\n  receiver: a\n  group_by: [x, x]\n" + receiver,
      "3: duplicated label 'x' in group_by"
    ),
    ("route:\n  receiver: a\n  group_by: ['...', x]\n" + receiver, "3: cannot have wildcard"),
    ("route:\n  receiver: a\n  group_wait: 5\n" + receiver, "3: 'group_wait' is '5'"),
    (
      "route:\n  receiver: a\n  routes:\n  - mute_time_intervals: [x]\n" + receiver,
      "4: undefined time interval 'x' used in route"
    ),
    (
      "route:\n  receiver: a\n  routes:\n  - matchers: ['x=~(']\n" + receiver,
      "4: 'matchers': '(' is no regular expression"
    ),
    (
      "route:\n  receiver: a\n  routes:\n  - match_re: {x: }\n" + receiver,
      "4: 'x' in 'match_re' has no pattern"
    ),
    (route + "receivers: [{name: a}, {name: a}]", "2: notification config name 'a' is not unique"),
    (route + "receivers:\n- name: a\n  webhook_configs: [{}]", "4: one of url or url_file"),
    (
      route + "receivers:\n- name: a\n  webhook_configs: [{url: 'ftp://x'}]",
      "4: 'url' is no URL of http or https"
    ),
    (
      route + "receivers:\n- name: a\n  webhook_configs: [{url: 'http:///x'}]",
      "4: 'url' is a URL without a host"
    ),
    (route + "receivers:\n- name: a\n  webhook_config: []", "4: unknown field 'webhook_config'"),
    (
      route + "receivers:\n- name: a\n  email_configs: [{to: x@y}]",
      "4: no global SMTP smarthost set"
    ),
    (
      route + "receivers:\n- name: a\n  email_configs: [{to: x@y, smarthost: h, from: f@y}]",
      "4: address 'h': port cannot be empty"
    ),
    (
      route + "receivers:\n- name: a\n  pagerduty_configs: [{}]",
      "4: missing service or routing key"
    ),
    (route + "receivers:\n- name: a\n  slack_configs: [{channel: c}]", "4: no Slack API URL"),
    (
      route + "receivers:\n- name: a\n  webhook_configs:\n  - url: http://x/\n    http_config:"
        + " {bearer_token: a, basic_auth: {username: b}}",
      "6: at most one of basic_auth"
    ),
    (
      route + receiver + "time_intervals:\n- name: t\n  time_intervals:\n"
        + "  - times: [{start_time: '10:00', end_time: '09:00'}]",
      "6: '10:00 to 09:00'"
    ),
    (
      route + receiver + "time_intervals:\n- name: t\n  time_intervals:\n"
        + "  - location: Mars/Base", "6: 'location'"
    ),
    (
      route + receiver + "time_intervals: [{name: t}]\nmute_time_intervals: [{name: t}]",
      "3: time interval 't' is not unique"
    ),
    (
      route + "receivers:\n- name: a\n  x-mx: {fallback: b}",
      "3: undefined receiver 'b' used in fallback"
    ),
    (
      route + "receivers:\n- name: a\n  x-mx: {escalate_after: 5m}",
      "4: escalate_after and escalate_to need each other"
    ),
    (
      route + "receivers:\n- name: a\n  x-mx: {exec_configs: [{command: [notify]}]}",
      "4: 'command' begins with 'notify', no path of a program"
    ),
    (
      route + "receivers:\n- name: a\n  x-mx: {rate_limit: fast}", "4: 'rate_limit' is 'fast'"
    ),
  ])
  func mistakesHaveTheirLine(text: String, expected: String) {
    let found = problems(text)
    #expect(found.contains { $0.hasPrefix("n.yml:\(expected)") }, "\(found)")
  }

  // MARK: - What is read

  @Test func childrenInheritWhatTheyDoNotSay() throws {
    let config = try Config.read(
      """
      route:
        receiver: a
        group_by: [alertname]
        group_wait: 10s
        routes:
          - matchers: [team="db"]
            group_interval: 1m
            routes:
              - match: {severity: page}
                receiver: b
                repeat_interval: 365d
                group_by: ['...']
      receivers: [{name: a}, {name: b}]
      """)
    let leaf = config.root.routes[0].routes[0]
    #expect(leaf.receiver == "b" && leaf.groupWait == 10_000 && leaf.groupInterval == 60_000)
    #expect(leaf.repeatInterval == 365 * 86_400_000 && leaf.groupsByAll)
    #expect(config.root.routes[0].receiver == "a")
    #expect(leaf.key == "{}/{team=\"db\"}/{severity=\"page\"}")
  }

  @Test(arguments: [
    ("a=b", ["a=\"b\""]), ("{a=\"b\", c=~\"d|e\",}", ["a=\"b\"", "c=~\"d|e\""]),
    ("a != \"x y\"", ["a!=\"x y\""]), ("a=b c", ["a=\"b c\""]), ("{}", []),
    ("\"höhe ✓\"=~\".+\"", ["\"höhe ✓\"=~\".+\""]), ("a=\"\\u00e9\"", ["a=\"é\""]),
    ("a=", []), ("a", []), ("{a=b", []), ("a=b}", []), ("a=\"b", []), ("a=~(", []), ("=b", []),
    ("a=b,,c=d", []),
  ])
  func matchersAreThoseOfAlertmanager(text: String, expected: [String]) throws {
    let isRefused = expected.isEmpty && text != "{}"
    // What the newer grammar refuses the older one may take.
    let lenient = [
      "a=": ["a=\"\""], "{a=b": ["a=\"b\""], "a=b}": ["a=\"b\""],
      "a=b,,c=d": ["a=\"b\"", "c=\"d\""],
    ]
    if isRefused, lenient[text] == nil {
      #expect(throws: MatcherText.Problem.self) { try MatcherText.parse(text) }
      return
    }
    #expect(try MatcherText.parse(text).map(\.description) == lenient[text] ?? expected)
  }

  @Test func theTreeIsWalkedAsAlertmanagerWalksIt() throws {
    let text =
      NotifyCorpus.text("cli__testdata__conf.routing-reverted.yml")
        ?? """
        route:
          receiver: default
          routes:
            - match: {test: 2}
              receiver: test2
              continue: true
            - match_re: {test: '^[12]$'}
              receiver: test1
              continue: true
        receivers: [{name: default}, {name: test1}, {name: test2}]
        """
    let config = try Config.read(text)
    func receivers(_ value: String) -> [String] {
      config.root.destinations(of: LabelSet([("test", value)])).map(\.receiver)
    }
    #expect(receivers("1") == ["test1"])
    #expect(receivers("2") == ["test2", "test1"])
    #expect(receivers("3") == ["default"])
  }

  @Test func secretsAreNotInDescriptions() throws {
    let config = try Config.read(
      """
      route: {receiver: a}
      receivers:
        - name: a
          webhook_configs:
            - url: https://example.org/hook/s3cret
              http_config: {authorization: {credentials: s3cret}}
          pagerduty_configs: [{routing_key: s3cret}]
          slack_configs: [{api_url: 'https://hooks.example.org/s3cret'}]
      """)
    var text = ""
    dump(config, to: &text)
    #expect(!text.contains("s3cret") && !"\(config)".contains("s3cret"))
  }
}
