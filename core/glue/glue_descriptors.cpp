// SPDX-License-Identifier: MIT
#include "glue_descriptors.hpp"

#include <interloop/failure.hpp>
#include <interloop/loop.hpp>

#include "glue_state.hpp"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <source_location>
#include <utility>

namespace interloop::detail {

std::vector<std::unique_ptr<glue_descriptors::entry>>::const_iterator glue_descriptors::place_of(
    int fd) const noexcept {
  return std::lower_bound(entries_.begin(), entries_.end(), fd,
                          [](const std::unique_ptr<entry>& it, int number) { return it->fd < number; });
}

glue_descriptors::entry* glue_descriptors::find(int fd) const noexcept {
  const auto place = place_of(fd);
  return place != entries_.end() && (*place)->fd == fd ? place->get() : nullptr;
}

void glue_descriptors::note(entry& it) {
  if (!std::exchange(it.changed, true)) changed_.push_back(it.fd);
}

void glue_descriptors::want(int fd, interest wanted, void* key, bool posted) {
  entry* it = find(fd);
  if (!it) {
    changed_.reserve(entries_.size() + 1);  // so that forgetting needs no memory
    it = entries_.insert(place_of(fd), std::make_unique<entry>(fd))->get();
  }
  if (asking_ && !std::exchange(it->mentioned, true)) it->parties.clear();
  const auto mine = std::find_if(it->parties.begin(), it->parties.end(), [&](const party& p) { return p.key == key; });
  if (mine == it->parties.end()) {
    if (it->parties.empty() && !asking_) it->anew = true;
    it->parties.push_back({key, wanted});
  } else {
    mine->wanted = asking_ ? mine->wanted | wanted : wanted;
  }
  it->posted = posted;
  note(*it);
}

void glue_descriptors::forget(int fd, void* key) noexcept {
  entry* const it = find(fd);
  if (!it) return;
  std::erase_if(it->parties, [&](const party& p) { return p.key == key; });
  note(*it);
}

void glue_descriptors::begin_asking() noexcept {
  asking_ = true;
  for (const auto& it : entries_) it->mentioned = false;
}

void glue_descriptors::end_asking() noexcept {
  asking_ = false;
  for (const auto& it : entries_) {
    if (it->mentioned) continue;
    it->parties.clear();
    note(*it);
  }
}

void glue_descriptors::settle(loop& core) noexcept {
  if (std::exchange(settling_, true)) return;
  while (!changed_.empty()) {
    const int fd = changed_.back();
    changed_.pop_back();
    entry& it = *find(fd);
    it.changed = false;
    try {
      apply(core, it);
    } catch (...) {
      it.watch.stop();
      if (!it.posted || ::fcntl(fd, F_GETFD) != -1)
        owner_.fail(failure(std::current_exception(), std::source_location{}));
    }
    if (it.parties.empty() && !it.changed) {
      it.watch.stop();
      entries_.erase(place_of(fd));
    }
  }
  settling_ = false;
}

void glue_descriptors::apply(loop& core, entry& it) {
  const bool anew = std::exchange(it.anew, false);
  if (it.parties.empty() || owner_.over()) return it.watch.stop();
  interest wanted = interest::none;
  for (const party& p : it.parties) wanted = wanted | p.wanted;
  if (it.watch.active()) {
    if (anew) {
      it.watch.rebind(it.fd, wanted);
    } else {
      it.watch.set_interest(wanted);  // which notices that the number is another file's
    }
  }
  if (it.watch.active() || wanted == interest::none || owner_.over()) return;
  it.watch = core.watch(it.fd, wanted, [&owner = owner_, fd = it.fd](interest ready) { owner.on_ready(fd, ready); });
}

void glue_descriptors::stop() noexcept {
  for (const auto& it : entries_) it->watch.stop();
}

interest glue_descriptors::wanted(int fd, const void* key) const noexcept {
  if (const entry* const it = find(fd)) {
    for (const party& p : it->parties)
      if (p.key == key) return p.wanted;
  }
  return interest::none;
}

glue_descriptors::parties glue_descriptors::parties_of(int fd) const {
  parties found;
  const entry* const it = find(fd);
  if (!it || it->parties.empty()) return found;
  found.any = true;
  if (it->parties.size() == 1) {
    found.only = it->parties.front().key;
  } else {
    for (const party& p : it->parties) found.several.push_back(p.key);
  }
  return found;
}

}  // namespace interloop::detail
