// SPDX-License-Identifier: MIT
#include "clients/http/descriptors.hpp"

#include <utility>

namespace interloop::http {

descriptors::entry& descriptors::note(int fd) {
  entry& found = all_[fd];
  if (!found.noted) {
    noted_.push_back(fd);
    found.noted = true;
  }
  return found;
}

void descriptors::opened(int fd) {
  if (all_.contains(fd)) note(fd).renewed = true;
}

void descriptors::wanted(int fd, interest directions) {
  entry& known = note(fd);
  known.asked = true;
  known.directions = directions;
}

void descriptors::unwanted(int fd) {
  if (!all_.contains(fd)) return;
  entry& known = note(fd);
  known.asked = false;
  known.renewed = true;
}

void descriptors::apply() {
  while (!noted_.empty()) {
    const int fd = noted_.back();
    entry& known = all_.at(fd);
    noted_.pop_back();
    known.noted = false;
    if (!known.asked) {
      all_.erase(fd);
      continue;
    }
    if (!known.watch.active()) {
      known.watch = loop_.watch(fd, known.directions, [this, fd](interest ready) { call_(who_, fd, ready); });
    } else if (known.renewed) {
      known.watch.rebind(fd, known.directions);
    } else if (known.watched != known.directions) {
      known.watch.set_interest(known.directions);
    }
    known.renewed = false;
    known.watched = known.directions;
  }
}

void descriptors::clear() noexcept {
  all_.clear();
  noted_.clear();
}

}  // namespace interloop::http
