#include "test/differential/picture.h"

#include <cstdlib>
#include <set>
#include <sstream>

namespace cuse_binder::differential {
namespace {

std::string look_up(const std::map<pid_t, std::string>& names, std::string_view number) {
  const auto value = static_cast<pid_t>(std::atol(std::string(number).c_str()));
  if (value == 0) return "0";
  const auto found = names.find(value);
  return found == names.end() ? "?" : found->second;
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string Picture::process(std::string_view pid) const {
  return look_up(processes_, pid);
}

std::string Picture::process_and_thread(std::string_view both) const {
  const std::size_t colon = both.find(':');
  if (colon == std::string_view::npos) return std::string(both);
  return process(both.substr(0, colon)) + ":" + look_up(threads_, both.substr(colon + 1));
}

std::string Picture::id(std::string_view number) {
  const bool colon = number.ends_with(':');
  if (colon) number.remove_suffix(1);
  auto found = ids_.find(number);
  if (found == ids_.end()) found = ids_.emplace(std::string(number), static_cast<int>(ids_.size()) + 1).first;
  return "#" + std::to_string(found->second) + (colon ? ":" : "");
}

std::string Picture::line(std::string_view text) {
  std::string out(text.substr(0, text.find_first_not_of(' ')));
  const std::vector<std::string> words = words_of(text);
  const auto put = [&](const std::string& word) {
    if (!out.empty() && out.back() != ' ') out += ' ';
    out += word;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool more = i + 1 < words.size();
    put(word);
    if (!more) break;
    if (word == "thread") {
      std::string name = look_up(threads_, words[++i]);
      put(name + ":");
    } else if (word == "transaction" && words[i + 1] != "complete" && words[i + 1] != "error:") {
      put(id(words[++i]));
      ++i;  // the kernel's address of it
    } else if (word == "from" || word == "to") {
      put(process_and_thread(words[++i]));
    } else if (word == "pri" || word == "elapsed") {
      ++i;
      out.resize(out.size() - word.size() - 1);
    } else if (word == "node" && words[i + 1] == "work") {
      put("work");
      ++i;
      if (i + 1 < words.size()) put(id(words[++i]));
    } else if (word == "node" || word == "ref" || word == "buffer") {
      // "buffer free" has no number.
      if (words[i + 1] != "free") put(id(words[++i]));
    } else if (word == "d" && i + 2 == words.size()) {
      put(words[++i].find_first_not_of('0') == std::string::npos ? "0" : "1");
    } else if (word == "proc") {
      while (i + 1 < words.size()) put(process(words[++i]));
    }
  }
  return out;
}

void Picture::leave_out_items_made_by_printing(std::vector<std::string>& lines) const {
  std::set<std::string> looked_at;
  for (const std::string& text : lines) {
    const std::vector<std::string> words = words_of(text);
    if (words.size() < 18 || words[0] != "node") continue;
    const bool told = words[5] == "1" || words[7] == "1";
    const bool held_weakly = words[11] != "0" || words[15] != "0" || words[17] != "1";
    if (told && !held_weakly) looked_at.insert("  node work " + words[1]);
  }
  std::erase_if(lines, [&](const std::string& text) {
    return text.starts_with("  node work ") && looked_at.count(text.substr(0, text.find(':')) + ":") != 0;
  });
}

std::vector<std::string> Picture::of(const std::string& state) {
  std::istringstream in(state);
  std::vector<std::string> lines;
  bool ours = false;
  bool dead_nodes = false;
  for (std::string text; std::getline(in, text);) {
    if (text == "binder state:") continue;
    if (text == "dead nodes:") {
      dead_nodes = true;
      continue;
    }
    if (text.starts_with("proc ")) {
      dead_nodes = false;
      ours = process(std::string_view(text).substr(5)) != "?";
    }
    if (dead_nodes) {
      std::string shown = line(text);
      if (shown.find('?') == std::string::npos) lines.push_back("dead" + shown);
    } else if (ours && !text.starts_with("context ")) {
      lines.push_back(line(text));
    }
  }
  leave_out_items_made_by_printing(lines);
  return lines;
}

}  // namespace cuse_binder::differential
